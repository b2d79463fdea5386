/**
 * One PredictBulk stream that is kept full of the same rows, on `node:http2`. An item is some tens
 * of kilobytes and of milliseconds of work, next to which encoding it anew is nothing. Every answer
 * is compared with the one that is right.
 */
import { type ClientHttp2Stream, connect } from "node:http2";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Failure } from "#core/failure.ts";
import { type ModelInferRequest, ModelInferRequestSchema } from "#gen/inference/grpc_service_pb.ts";
import {
  type BulkAnswer,
  PredictBulkRequestSchema,
  PredictBulkResponseSchema,
} from "#gen/sluice/predict/v1/predict_pb.ts";
import { encodeGrpcMessage } from "../http2/frames.ts";

export type BulkPlan = {
  /** `host:port` of the gateway. */
  readonly address: string;
  readonly model: string;
  readonly rows: number;
  /** An encoded ModelInferRequest, and the one output that is right. */
  readonly request: Uint8Array;
  readonly expected: Float32Array;
  /** Items that are unanswered at a time. */
  readonly inFlight: number;
  readonly warmupMs: number;
  readonly measureMs: number;
};

export type BulkResult = { readonly rowsPerSecond: number; readonly cpuShare: number };

const tolerance = 1e-4;
const prefixBytes = 5;

/** Throws a Failure where an answer is wrong, or the stream ends. */
export async function driveBulk(plan: BulkPlan): Promise<BulkResult> {
  const session = connect(`http://${plan.address}`, { settings: { initialWindowSize: 2 ** 24 } });
  try {
    const call = session.request({
      ":method": "POST",
      ":path": "/sluice.predict.v1.PredictService/PredictBulk",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const run = new BulkRun(plan, call);
    return await run.result;
  } finally {
    session.destroy();
  }
}

class BulkRun {
  readonly result: Promise<BulkResult>;
  readonly #plan: BulkPlan;
  readonly #call: ClientHttp2Stream;
  readonly #request: ModelInferRequest;
  readonly #settled = Promise.withResolvers<BulkResult>();
  #received: Buffer = Buffer.alloc(0);
  #next = 0;
  #answered = 0;
  #fromMs = Number.POSITIVE_INFINITY;
  #cpu = process.cpuUsage();

  constructor(plan: BulkPlan, call: ClientHttp2Stream) {
    this.#plan = plan;
    this.#call = call;
    this.#request = fromBinary(ModelInferRequestSchema, plan.request);
    this.result = this.#settled.promise;
    call.on("data", (chunk: Buffer) => this.#receive(chunk));
    call.on("trailers", (trailers) => this.#fail(`ended: ${trailers["grpc-message"]}`));
    call.on("error", (error) => this.#fail(error.message));
    this.#send({ case: "open", value: { model: plan.model } });
    for (let count = 0; count < plan.inFlight; count += 1) this.#sendItem();
    setTimeout(() => this.#begin(), plan.warmupMs);
  }

  #begin(): void {
    this.#answered = 0;
    this.#fromMs = performance.now();
    this.#cpu = process.cpuUsage();
    setTimeout(() => this.#end(), this.#plan.measureMs);
  }

  #end(): void {
    const seconds = (performance.now() - this.#fromMs) / 1000;
    const { user, system } = process.cpuUsage(this.#cpu);
    const rowsPerSecond = (this.#answered * this.#plan.rows) / seconds;
    this.#settled.resolve({ rowsPerSecond, cpuShare: (user + system) / 1e6 / seconds });
  }

  #sendItem(): void {
    const value = this.#request;
    const number = BigInt(this.#next);
    this.#next += 1;
    this.#send({ case: "item", value: { number, rows: { case: "tensors", value } } });
  }

  #send(kind: NonNullable<MessageInitShape<typeof PredictBulkRequestSchema>["kind"]>): void {
    const message = create(PredictBulkRequestSchema, { kind });
    this.#call.write(encodeGrpcMessage(toBinary(PredictBulkRequestSchema, message)));
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const bytes = this.#received;
      if (bytes.length < prefixBytes) return;
      const end = prefixBytes + bytes.readUInt32BE(1);
      if (bytes.length < end) return;
      const message = fromBinary(PredictBulkResponseSchema, bytes.subarray(prefixBytes, end));
      this.#received = bytes.subarray(end);
      if (message.kind.case !== "answer") continue;
      if (!isRight(message.kind.value, this.#plan)) this.#fail("an answer is wrong");
      this.#answered += 1;
      this.#sendItem();
    }
  }

  #fail(reason: string): void {
    this.#settled.reject(new Failure("internal", `the bulk stream: ${reason}`));
  }
}

function isRight({ status, failedRows, predictions }: BulkAnswer, { expected }: BulkPlan): boolean {
  if (status !== 0 || failedRows.length > 0 || predictions.case !== "tensors") return false;
  const [raw = new Uint8Array()] = predictions.value.rawOutputContents;
  const got = new Float32Array(Uint8Array.from(raw).buffer);
  return (
    got.length === expected.length &&
    got.every((value, at) => {
      const wanted = expected[at] ?? Number.NaN;
      return Math.abs(value - wanted) <= tolerance * Math.max(1, Math.abs(wanted));
    })
  );
}
