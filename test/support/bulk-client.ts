import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import {
  type BulkAccepted,
  type BulkAnswer,
  type BulkItemSchema,
  type BulkOpenSchema,
  PredictBulkRequestSchema,
  PredictBulkResponseSchema,
} from "#gen/sluice/predict/v1/predict_pb.ts";

export type BulkItemInit = MessageInitShape<typeof BulkItemSchema>;
type Status = { readonly code: number; readonly details: string; readonly retryMs: number };

const path = "/sluice.predict.v1.PredictService/PredictBulk";

export type BulkCallOptions = {
  readonly deadlineMs?: number;
  /** Default true: answers are taken as they come. */
  readonly isReading?: boolean;
  readonly metadata?: Readonly<Record<string, string>>;
};

/** A PredictBulk call of its own connection that sends what a test tells it to. */
export class BulkClient implements Disposable {
  readonly answers: BulkAnswer[] = [];
  readonly status: Promise<Status>;
  readonly #client: grpc.Client;
  readonly #call: grpc.ClientDuplexStream<Uint8Array, Uint8Array>;
  readonly #accepted = Promise.withResolvers<BulkAccepted>();
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  #hasEnded = false;

  constructor(address: string, options: BulkCallOptions = {}) {
    const { deadlineMs, isReading = true } = options;
    this.#client = new grpc.Client(address, grpc.credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
      "grpc.use_local_subchannel_pool": 1,
    });
    const metadata = new grpc.Metadata();
    for (const [key, value] of Object.entries(options.metadata ?? {})) metadata.set(key, value);
    this.#call = this.#client.makeBidiStreamRequest<Uint8Array, Uint8Array>(
      path,
      (bytes) => Buffer.from(bytes),
      (bytes) => bytes,
      metadata,
      deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs },
    );
    this.#accepted.promise.catch(() => {});
    this.status = new Promise((resolve) => {
      this.#call.on("status", ({ code, details, metadata: trailers }) => {
        this.#hasEnded = true;
        const [retry = "0"] = trailers.get("grpc-retry-pushback-ms");
        this.#accepted.reject(new Error(`status ${code}: ${details}`));
        this.#wake();
        resolve({ code, details, retryMs: Number(retry) });
      });
    });
    this.#call.on("error", () => {});
    if (isReading) this.read();
  }

  /** Resolves with what the gateway granted. */
  async open(
    open: MessageInitShape<typeof BulkOpenSchema> = { model: "m" },
  ): Promise<BulkAccepted> {
    this.sendOpen(open);
    return await this.#accepted.promise;
  }

  sendOpen(open: MessageInitShape<typeof BulkOpenSchema>): void {
    this.#send({ kind: { case: "open", value: open } });
  }

  item(item: BulkItemInit): void {
    this.#send({ kind: { case: "item", value: item } });
  }

  /** Any bytes as one message. */
  raw(bytes: Uint8Array): void {
    this.#call.write(bytes);
  }

  /** Takes answers from now on. */
  read(): void {
    this.#call.on("data", (bytes: Uint8Array) => this.#take(bytes));
  }

  /** Says that no more items come. */
  half(): void {
    this.#call.end();
  }

  /** Resolves when so many answers have come, or the call is over. */
  async answered(count: number): Promise<readonly BulkAnswer[]> {
    if (this.answers.length < count && !this.#hasEnded) {
      await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
    }
    return this.answers;
  }

  cancel(): void {
    this.#call.cancel();
  }

  [Symbol.dispose](): void {
    this.#call.cancel();
    this.#client.close();
  }

  #send(request: MessageInitShape<typeof PredictBulkRequestSchema>): void {
    const message = create(PredictBulkRequestSchema, request);
    this.#call.write(toBinary(PredictBulkRequestSchema, message));
  }

  #take(bytes: Uint8Array): void {
    const { kind } = fromBinary(PredictBulkResponseSchema, bytes);
    if (kind.case === "accepted") this.#accepted.resolve(kind.value);
    if (kind.case === "answer") this.answers.push(kind.value);
    this.#wake();
  }

  #wake(): void {
    for (const waiting of [...this.#waiting]) {
      if (this.answers.length < waiting.count && !this.#hasEnded) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.resolve();
    }
  }
}

/** An item of one input `x`, FP32 [N,2], whose row r is [from + r, -(from + r)]. */
export function tensorItem(number: number, rows: number, from: number = number): BulkItemInit {
  const data = Float32Array.from({ length: rows * 2 }, (_, index) => {
    const value = from + Math.floor(index / 2);
    return index % 2 === 0 ? value : -value;
  });
  return {
    number: BigInt(number),
    rows: {
      case: "tensors",
      value: {
        inputs: [{ name: "x", datatype: "FP32", shape: [BigInt(rows), 2n] }],
        rawInputContents: [new Uint8Array(data.buffer)],
      },
    },
  };
}

/** The values of the first output of an answer in tensors. */
export function floatsOf({ predictions }: BulkAnswer): number[] {
  if (predictions.case !== "tensors") return [];
  const [raw = new Uint8Array()] = predictions.value.rawOutputContents;
  return [...new Float32Array(Uint8Array.from(raw).buffer)];
}
