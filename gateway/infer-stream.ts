/**
 * One ModelStreamInfer call: requests that are answered in their order, each with a response or an
 * error of its own. Nobody numbers them or grants credit, so reading stops while much is
 * unanswered or the caller does not take what was answered. Replies that wait for those before
 * them, or for the caller, take from memory that all streams share; without enough of it the call
 * ends.
 */
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { Failure } from "#core/failure.ts";
import type { BytesShare } from "#platform/bytes-budget.ts";
import { toStatusReply } from "#platform/rpc/failure-status.ts";
import { readNoFurther } from "#platform/rpc/read-no-further.ts";
import { metadataKey } from "#wire/metadata.ts";
import { encodeStreamFailure, encodeStreamResponse } from "#wire/oip/stream-response.ts";
import { toStatusCode } from "#wire/status.ts";
import type { Outcome } from "./exchange.ts";
import type { PredictionRequest } from "./request.ts";
import { gatewayStopping } from "./stopping.ts";
import { StreamWriter } from "./stream-writer.ts";

export type InferStreamCall = ServerDuplexStream<Uint8Array, Uint8Array>;

/** Asks for predictions on behalf of a stream. */
export type InferStreamHost = {
  /** For replies that wait; the stream disposes of it. */
  readonly waiting: BytesShare;
  /** `answer` is called once, perhaps before this returns. */
  ask(payload: Uint8Array, answer: (outcome: Outcome) => void): PredictionRequest;
  cancel(request: PredictionRequest, failure: Failure): void;
  /** Called once. */
  onEnded(): void;
};

type Asked = {
  readonly bytes: number;
  request: PredictionRequest | undefined;
  outcome: Outcome | undefined;
  /** Taken for its reply, which waits. */
  heldBytes: number;
  isWritten: boolean;
};

const askedMax = 64;
const askedBytesMax = 16 * 1024 * 1024;

export class InferStream {
  readonly #call: InferStreamCall;
  readonly #host: InferStreamHost;
  readonly #writer: StreamWriter;
  /** Whether the first error ends the call. */
  readonly #isStrict: boolean;
  /** In the order they came, which is that of their answers. */
  readonly #asked: Asked[] = [];
  #askedBytes = 0;
  #isHalfClosed = false;
  #isStopping = false;
  #isEnded = false;

  constructor(call: InferStreamCall, host: InferStreamHost) {
    this.#call = call;
    this.#host = host;
    this.#writer = new StreamWriter(call, () => this.#answer());
    this.#isStrict = call.metadata.get(metadataKey.tritonGrpcError)[0] === "true";
    readNoFurther(call);
    call.on("data", (bytes: Uint8Array) => this.#ask(bytes));
    call.on("end", () => {
      this.#isHalfClosed = true;
      this.#answer();
    });
    call.on("cancelled", () => this.#end(new Failure("cancelled", "the caller has gone")));
  }

  /** Reads no further; what was read is answered, and the caller told to try elsewhere. */
  stop(): void {
    this.#isStopping = true;
    this.#answer();
  }

  #ask(payload: Uint8Array): void {
    if (this.#isEnded || this.#isStopping) return;
    const asked: Asked = {
      ...{ bytes: payload.byteLength, request: undefined, outcome: undefined },
      ...{ heldBytes: 0, isWritten: false },
    };
    this.#asked.push(asked);
    this.#askedBytes += asked.bytes;
    asked.request = this.#host.ask(payload, (outcome) => {
      asked.outcome = outcome;
      // An answer may come before the request is known here.
      if (asked.request !== undefined) this.#settle(asked);
    });
    this.#settle(asked);
  }

  #settle(asked: Asked): void {
    this.#answer();
    if (this.#isEnded || asked.isWritten || asked.outcome?.kind !== "reply") return;
    const { byteLength } = asked.outcome.reply.payload;
    try {
      this.#host.waiting.take(byteLength);
      asked.heldBytes = byteLength;
    } catch (error) {
      const { code, message } = Failure.from(error);
      this.#fail(new Failure(code, `replies wait for the caller or for others: ${message}`));
    }
  }

  /** Writes the answers whose turn it is, and reads on where there is room. */
  #answer(): void {
    for (let [next] = this.#asked; !this.#writer.isClogged; [next] = this.#asked) {
      if (next?.request === undefined || next.outcome === undefined) break;
      this.#asked.shift();
      this.#askedBytes -= next.bytes;
      this.#host.waiting.give(next.heldBytes);
      next.isWritten = true;
      this.#write(next.request, next.outcome);
    }
    if (this.#isEnded) return;
    const isIdle = this.#asked.length === 0;
    const isFull = this.#asked.length >= askedMax || this.#askedBytes >= askedBytesMax;
    if (isIdle && this.#isHalfClosed) this.#finish();
    else if (isIdle && this.#isStopping) this.#fail(gatewayStopping());
    else if (isFull || this.#writer.isClogged) this.#call.pause();
    else this.#call.resume();
  }

  #write(request: PredictionRequest, outcome: Outcome): void {
    if (outcome.kind === "reply") {
      this.#writer.write(encodeStreamResponse(outcome.reply.payload));
      return;
    }
    const { failure } = outcome;
    if (this.#isStrict) {
      this.#fail(failure);
      return;
    }
    const { ref } = request.exchange ?? {};
    this.#writer.write(
      encodeStreamFailure({
        id: request.requestId,
        model: ref?.model ?? "",
        version: ref === undefined ? "" : String(ref.version),
        status: toStatusCode(failure.code),
        message: failure.message.toWellFormed(),
      }),
    );
  }

  #finish(): void {
    this.#isEnded = true;
    this.#host.waiting[Symbol.dispose]();
    this.#host.onEnded();
    this.#call.end();
  }

  #fail(failure: Failure): void {
    this.#end(failure);
    this.#call.emit("error", toStatusReply(failure));
  }

  /** Takes back what is under way. */
  #end(failure: Failure): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#host.waiting[Symbol.dispose]();
    this.#host.onEnded();
    for (const { request, outcome } of this.#asked.splice(0)) {
      if (request !== undefined && outcome === undefined) this.#host.cancel(request, failure);
    }
  }
}
