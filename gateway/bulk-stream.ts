/**
 * One PredictBulk call. Its first message settles model, version and window; every other is an
 * item, which waits in the lane of its version and is answered once.
 *
 * The client may have as much unanswered as the window says, so nothing here grows beyond it. An
 * answer counts as given when it is written, and is written only while the client takes what was
 * written before. Of a client that takes nothing no more items are begun.
 */
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { decodeResumeToken, encodeResumeToken, streamIdBytes } from "#core/bulk/resume-token.ts";
import { BulkWindow } from "#core/bulk/window.ts";
import { Failure } from "#core/failure.ts";
import type { ModelRef } from "#core/model/name.ts";
import type { BulkOpen } from "#gen/sluice/predict/v1/predict_pb.ts";
import type { BytesShare } from "#platform/bytes-budget.ts";
import { monotonicMs } from "#platform/clock.ts";
import { randomBytes } from "#platform/random-bytes.ts";
import { refusedReplyOf } from "#platform/rpc/call-hooks.ts";
import { toStatusReply } from "#platform/rpc/failure-status.ts";
import { type BulkItem, readBulkRequest } from "#wire/bulk/request.ts";
import { encodeBulkAccepted, encodeBulkAnswer } from "#wire/bulk/response.ts";
import { statusCode, toStatusCode } from "#wire/status.ts";
import { toWork } from "./bulk-item.ts";
import type { BulkLane, BulkOwner, BulkWork } from "./bulk-lanes.ts";
import type { Outcome } from "./exchange.ts";
import { gatewayStopping } from "./stopping.ts";
import { StreamWriter } from "./stream-writer.ts";
import type { Traces } from "./traces.ts";

export type BulkCall = ServerDuplexStream<Uint8Array, Uint8Array>;

/** What a stream needs of those that share the gateway with it. */
export type BulkHost = {
  readonly traces: Traces;
  /** The version a stream is for; throws a Failure. */
  find(open: BulkOpen): BulkLane;
  /** Memory for a stream's unanswered items; throws a Failure where there is none. */
  reserveWindow(): { readonly share: BytesShare; readonly bytes: number };
  /** Memory for more than that. */
  reserve(bytes: number): BytesShare;
  onAnswered(work: BulkWork, outcome: Outcome): void;
  /** Called once. */
  onEnded(stream: BulkStream, end: BulkEnd): void;
};

export type BulkEnd = {
  readonly ref: ModelRef | undefined;
  readonly streamId: Uint8Array;
  /** Answered on this connection. */
  readonly items: number;
  readonly rows: number;
  readonly rowsFailed: number;
  /** gRPC status code. */
  readonly status: number;
  readonly error: string | undefined;
};

type Opened = {
  readonly streamId: Uint8Array;
  readonly lane: BulkLane;
  readonly window: BulkWindow;
  readonly windowBytes: number;
  readonly share: BytesShare;
  readonly deadlineMs: number;
};

type Answer = { readonly work: BulkWork; readonly outcome: Outcome; readonly bytes: number };

const itemsMax = 64;
const nothing = new Uint8Array();
/** As of a status that ends a call. */
const messageLengthMax = 2_000;
/** Of answers that wait for the client to take others. */
const heldBytesMax = 4 * 1024 * 1024;

export class BulkStream implements BulkOwner {
  readonly #call: BulkCall;
  readonly #host: BulkHost;
  readonly #writer: StreamWriter;
  /** By number: those whose turn has not come, or that the client does not take yet. */
  readonly #answers = new Map<number, Answer>();
  /** Memory beyond the window, of items that are larger than it. */
  readonly #extra = new Map<number, BytesShare>();
  #opened: Opened | undefined;
  #heldBytes = 0;
  #items = 0;
  #rows = 0;
  #rowsFailed = 0;
  #isHalfClosed = false;
  #isStopping = false;
  #isEnded = false;

  constructor(call: BulkCall, host: BulkHost) {
    this.#call = call;
    this.#host = host;
    this.#writer = new StreamWriter(call, () => this.#answer());
    call.on("data", (bytes: Uint8Array) => this.#receive(bytes));
    call.on("end", () => {
      this.#isHalfClosed = true;
      this.#answer();
    });
    // Also where gRPC has ended the call at its deadline, or an answer was not let out.
    call.on("cancelled", () => this.#end(refusedReplyOf(call) ?? goneOf(call)));
  }

  /** Begins nothing more. What is under way is answered, and the client told to go on elsewhere. */
  stop(): void {
    if (this.#isEnded || this.#isStopping) return;
    this.#isStopping = true;
    this.#opened?.lane.drop(this);
    this.#answer();
  }

  /** Ends at once, whatever is under way. */
  abandon(failure: Failure): void {
    this.#fail(failure);
  }

  get isPatient(): boolean {
    return !this.#isStopping;
  }

  mayBegin({ number }: BulkWork): boolean {
    // The item that all others wait for must go on, or nothing would.
    return this.#heldBytes < heldBytesMax || number === this.#opened?.window.first;
  }

  onEnded(work: BulkWork, outcome: Outcome): void {
    if (this.#isEnded) return;
    const isCut = outcome.kind === "failure" && outcome.failure.code === "unavailable";
    // Another gateway may do what this one cannot any more.
    if (this.#isStopping && isCut) this.#answer();
    else this.#settle(work, outcome);
  }

  #receive(bytes: Uint8Array): void {
    if (this.#isEnded || this.#isStopping) return;
    try {
      const message = readBulkRequest(bytes);
      if (message.kind === "open") this.#open(message.open);
      else this.#take(message.item);
    } catch (error) {
      this.#fail(Failure.from(error));
    }
  }

  #open(open: BulkOpen): void {
    if (this.#opened !== undefined) throw invalid("the stream was opened already");
    const { streamId, answeredBelow } = positionOf(open);
    const lane = this.#host.find(open);
    const { share, bytes } = this.#host.reserveWindow();
    const options = { itemsMax, bytesMax: bytes, isOrdered: open.ordered, answeredBelow };
    const window = new BulkWindow(options);
    const deadlineMs = monotonicMs() + (Number(this.#call.getDeadline()) - Date.now());
    this.#opened = { streamId, lane, window, windowBytes: bytes, share, deadlineMs };
    const { model, version } = lane.ref;
    const accepted = encodeBulkAccepted({
      ...{ streamId, model, itemsMax },
      version: String(version),
      itemBytesMax: BigInt(bytes),
      resumeToken: encodeResumeToken({ streamId, answeredBelow }),
    });
    this.#writer.write(accepted);
  }

  #take(item: BulkItem): void {
    if (this.#opened === undefined) throw invalid("an item came before the stream was opened");
    const { window, windowBytes, lane, streamId, deadlineMs } = this.#opened;
    const { number, payload } = item;
    const violation = window.take(number, payload.byteLength);
    if (violation !== undefined) throw violation;
    const context = { owner: this, ref: lane.ref, streamId, deadlineMs };
    const { work, refusal } = toWork(item, context, this.#host.traces);
    const failure = refusal ?? this.#reserveExtra(number, payload.byteLength - windowBytes);
    if (failure === undefined) lane.add(work);
    else this.#settle(work, { kind: "failure", failure, reply: undefined });
  }

  #reserveExtra(number: number, bytes: number): Failure | undefined {
    if (bytes <= 0) return undefined;
    try {
      this.#extra.set(number, this.#host.reserve(bytes));
      return undefined;
    } catch (error) {
      return Failure.from(error);
    }
  }

  #settle(work: BulkWork, outcome: Outcome): void {
    const { number } = work;
    const bytes = outcome.reply?.payload.byteLength ?? 0;
    this.#extra.get(number)?.[Symbol.dispose]();
    this.#extra.delete(number);
    this.#answers.set(number, { work, outcome, bytes });
    this.#heldBytes += bytes;
    this.#opened?.window.ready(number);
    this.#host.onAnswered(work, outcome);
    this.#answer();
  }

  /** Writes what may be written, and ends when nothing is left to come. */
  #answer(): void {
    if (this.#isEnded) return;
    const wasFull = this.#heldBytes >= heldBytesMax;
    while (!this.#writer.isClogged && this.#writeNext()) this.#items += 1;
    if (wasFull && this.#heldBytes < heldBytesMax) this.#opened?.lane.pump();
    const { lane, window } = this.#opened ?? {};
    if (this.#isHalfClosed && (window?.size ?? 0) === 0) this.#finish();
    else if (this.#isStopping && (lane?.begunOf(this) ?? 0) === 0 && !this.#writer.isClogged) {
      this.#fail(gatewayStopping());
    }
  }

  #writeNext(): boolean {
    const { window, streamId } = this.#opened ?? {};
    const number = window?.next();
    if (window === undefined || streamId === undefined || number === undefined) return false;
    const answer = this.#answers.get(number);
    if (answer === undefined) return false;
    this.#answers.delete(number);
    this.#heldBytes -= answer.bytes;
    this.#rows += answer.outcome.reply?.rows ?? 0;
    this.#rowsFailed += answer.outcome.reply?.rowsFailed ?? 0;
    const resumeToken = encodeResumeToken({ streamId, answeredBelow: window.answeredBelow });
    this.#writer.write(encodeAnswer(answer, resumeToken));
    return true;
  }

  #finish(): void {
    this.#end(undefined);
    this.#call.end();
  }

  #fail(failure: Failure): void {
    if (this.#isEnded) return;
    this.#end(failure);
    // gRPC ends the call with what the error says.
    this.#call.emit("error", toStatusReply(failure));
  }

  #end(failure: Failure | undefined): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { lane, share, streamId = new Uint8Array() } = this.#opened ?? {};
    this.#answers.clear();
    lane?.cancel(this, failure ?? gatewayStopping());
    share?.[Symbol.dispose]();
    for (const extra of this.#extra.values()) extra[Symbol.dispose]();
    this.#host.onEnded(this, {
      ...{ ref: lane?.ref, streamId, items: this.#items },
      ...{ rows: this.#rows, rowsFailed: this.#rowsFailed },
      status: failure === undefined ? statusCode.ok : toStatusCode(failure.code),
      error: failure?.message,
    });
  }
}

function encodeAnswer({ work, outcome }: Answer, resumeToken: Uint8Array): Uint8Array {
  const { number } = work;
  const isOk = outcome.kind === "reply";
  return encodeBulkAnswer({
    number,
    resumeToken,
    status: isOk ? statusCode.ok : toStatusCode(outcome.failure.code),
    message: isOk ? "" : clipped(outcome.failure.message),
    rows: outcome.reply?.payload ?? nothing,
    batch: outcome.reply?.batch,
  });
}

function clipped(message: string): string {
  return message.slice(0, messageLengthMax).toWellFormed();
}

/** Where a stream begins: at the start, or where its token says. */
function positionOf({ resumeToken, streamId }: BulkOpen) {
  if (streamId.byteLength !== 0 && streamId.byteLength !== streamIdBytes) {
    throw invalid(`a stream id has ${streamIdBytes} bytes, got ${streamId.byteLength}`);
  }
  const given = streamId.byteLength === 0 ? undefined : streamId.slice();
  if (resumeToken.byteLength === 0) {
    return { streamId: given ?? randomBytes(streamIdBytes), answeredBelow: 0 };
  }
  const position = decodeResumeToken(resumeToken);
  if (given === undefined || Buffer.compare(given, position.streamId) === 0) return position;
  throw invalid("the resume token is of another stream");
}

function invalid(message: string): Failure {
  return new Failure("invalid-argument", message);
}

/** Why a call ended before it was over: gRPC itself ends one whose deadline has passed. */
function goneOf(call: BulkCall): Failure {
  const isLate = Date.now() >= Number(call.getDeadline());
  return isLate
    ? new Failure("deadline-exceeded", "deadline exceeded")
    : new Failure("cancelled", "the caller cancelled the stream");
}
