/**
 * A gateway that predicts `double` = 2 × `x` without a model, keeps the rules of the contract and
 * misbehaves on demand. The client is tried against it where a real gateway cannot be made to fail
 * at the wanted moment.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import {
  type BulkItem,
  type BulkOpen,
  type PredictBulkRequest,
  type PredictBulkResponse,
  PredictBulkResponseSchema,
  type PredictRequest,
  PredictRequestSchema,
  type PredictResponse,
  PredictResponseSchema,
  PredictService,
} from "#gen/sluice/predict/v1/predict_pb.ts";
import { serviceDefinition } from "#platform/rpc/definition.ts";
import { statusCode } from "#wire/status.ts";

export type FakeGatewayOptions = {
  readonly itemsMax?: number;
  readonly itemBytesMax?: number;
  /** Undefined to answer; a status to refuse with. Called for each Predict. */
  readonly onPredict?: (call: number) => Refusal | undefined;
  /** What becomes of a stream after so many of its answers. Called for each item. */
  readonly onItem?: (item: { readonly number: number; readonly answers: number }) => Fate;
};

export type Refusal = { readonly code: number; readonly retryAfterMs?: number };

/** `hold` keeps the item for ever, `twice` answers it twice, `fail` fails its first row. */
export type Fate = "answer" | "twice" | "fail" | "hold" | "break" | "kill" | "end";

type BulkCall = grpc.ServerDuplexStream<PredictBulkRequest, PredictBulkResponse>;

export class FakeGateway implements AsyncDisposable {
  readonly address: string;
  /** Numbers of the items of every stream, as they came. */
  readonly items: number[] = [];
  readonly opened: BulkOpen[] = [];
  /** The most that one stream had sent and not been answered for. */
  outstandingMax = 0;
  predictCalls = 0;
  readonly #server: grpc.Server;
  readonly #options: FakeGatewayOptions;

  static async start(options: FakeGatewayOptions = {}, port: number = 0): Promise<FakeGateway> {
    const server = new grpc.Server();
    const bound = await new Promise<number>((resolve, reject) => {
      const credentials = grpc.ServerCredentials.createInsecure();
      server.bindAsync(`127.0.0.1:${port}`, credentials, (error, got) =>
        error === null ? resolve(got) : reject(error),
      );
    });
    return new FakeGateway(server, bound, options);
  }

  private constructor(server: grpc.Server, port: number, options: FakeGatewayOptions) {
    this.#server = server;
    this.#options = options;
    this.address = `127.0.0.1:${port}`;
    server.addService(serviceDefinition(PredictService), {
      Predict: this.#predict,
      PredictBulk: (call: BulkCall) => this.#bulk(call),
    });
  }

  /** GOAWAY, as a gateway sends it that stops or has had a connection for long enough. */
  goAway(): void {
    this.#server.drain(this.address, 200);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
  }

  readonly #predict: grpc.handleUnaryCall<PredictRequest, PredictResponse> = (call, callback) => {
    this.predictCalls += 1;
    const refusal = this.#options.onPredict?.(this.predictCalls);
    if (refusal === undefined) {
      call.sendMetadata(metadataOf({ "sluice-prediction-id": `p${this.predictCalls}` }));
      callback(null, predict(call.request));
      return;
    }
    const { code, retryAfterMs } = refusal;
    const metadata =
      retryAfterMs === undefined ? {} : { "grpc-retry-pushback-ms": String(retryAfterMs) };
    callback({ code, details: "refused", metadata: metadataOf(metadata) });
  };

  #bulk(call: BulkCall): void {
    const { itemsMax = 4, itemBytesMax = 1 << 20 } = this.#options;
    let id = "";
    let base = 0;
    let answers = 0;
    let outstanding = 0;
    const end = (code: number, details: string) => call.emit("error", { code, details });
    const open = (opening: BulkOpen) => {
      this.opened.push(opening);
      const token = Buffer.from(opening.resumeToken).toString();
      [id = "", base = 0] = token === "" ? [toHex(opening.streamId), 0] : parseToken(token);
      const value = {
        streamId: Buffer.from(id, "hex"),
        model: opening.model,
        version: "1",
        itemsMax,
        itemBytesMax: BigInt(itemBytesMax),
        resumeToken: Buffer.from(`${id} ${base}`),
      };
      call.write(create(PredictBulkResponseSchema, { kind: { case: "accepted", value } }));
    };
    const take = (item: BulkItem) => {
      const number = Number(item.number);
      this.items.push(number);
      outstanding += 1;
      this.outstandingMax = Math.max(this.outstandingMax, outstanding);
      if (outstanding > itemsMax) return end(statusCode.resourceExhausted, "beyond the window");
      const fate = this.#options.onItem?.({ number, answers }) ?? "answer";
      if (fate === "hold") return;
      if (fate === "break") return end(statusCode.unavailable, "broken");
      if (fate === "end") return call.end();
      if (fate === "kill") return this.#server.forceShutdown();
      outstanding -= 1;
      answers += 1;
      base = number === base ? number + 1 : base;
      const reply = answerOf(item, `${id} ${base}`, fate === "fail");
      call.write(reply);
      if (fate === "twice") call.write(reply);
    };
    call.on("data", ({ kind }: PredictBulkRequest) => {
      if (kind.case === "open") open(kind.value);
      else if (kind.case === "item") take(kind.value);
    });
    // What is held is owed for ever.
    call.on("end", () => outstanding === 0 && call.end());
    call.on("error", () => {});
  }
}

function answerOf(item: BulkItem, token: string, isFailing: boolean): PredictBulkResponse {
  const message = item.rows.case === "columns" ? predict(item.rows.value) : undefined;
  const failure = { row: 0, status: statusCode.invalidArgument, message: "bad row" };
  if (isFailing && message?.predictions[0] !== undefined) {
    message.predictions[0].nulls = Uint8Array.of(1);
  }
  return create(PredictBulkResponseSchema, {
    kind: {
      case: "answer",
      value: {
        number: item.number,
        failedRows: isFailing ? [failure] : [],
        resumeToken: Buffer.from(token),
        ...(message === undefined ? {} : { predictions: { case: "columns", value: message } }),
      },
    },
  });
}

function predict(request: PredictRequest): PredictResponse {
  const copy = fromBinary(PredictRequestSchema, toBinary(PredictRequestSchema, request));
  const column = copy.columns.find(({ name }) => name === "x");
  const values = column?.values.case === "numbers" ? column.values.value.values : [];
  const doubled = values.map((value) => 2 * value);
  return create(PredictResponseSchema, {
    model: copy.model,
    version: "1",
    id: copy.id,
    rows: values.length,
    predictions: [
      { name: "double", values: { case: "numbers", value: { values: doubled } } },
      { name: "label", values: { case: "texts", value: { values: values.map(String) } } },
    ],
  });
}

function metadataOf(entries: Readonly<Record<string, string>>): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(entries)) metadata.set(key, value);
  return metadata;
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function parseToken(token: string): [string, number] {
  const [id = "", base = "0"] = token.split(" ");
  return [id, Number(base)];
}
