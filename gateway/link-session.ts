/**
 * One connection to one worker, from the opening of the stream to its end. Requests are given to
 * the outbox, which decides when their frames leave. Everything is counted in totals since the
 * session began, so what is lost with a session needs no settling.
 */
import { unreachable } from "#core/assert.ts";
import { messageOf } from "#core/failure.ts";
import { WorkerPace } from "#core/limits/worker-pace.ts";
import { Inbox, type Received } from "#core/link/inbox.ts";
import { Outbox } from "#core/link/outbox.ts";
import { RequestCredit } from "#core/link/request-credit.ts";
import type { WorkerHello } from "#gen/sluice/link/v1/link_pb.ts";
import { monotonicMs } from "#platform/clock.ts";
import type { MessageStream } from "#platform/rpc/message-stream.ts";
import { TurnWriter } from "#platform/rpc/turn-writer.ts";
import {
  decodeWorkerFrames,
  encodeGatewayControl,
  type GatewayControl,
  type WorkerFrame,
} from "#wire/gateway-link.ts";
import type { ControlFrame, Credit } from "#wire/link-frames.ts";
import type { ReplyBegin } from "#wire/reply-begin.ts";
import type { Attempt, AttemptWorker, WorkerReply } from "./exchange.ts";
import { abortedReply, encodeLeaving, toReply } from "./link-frames.ts";
import { reusedMemory } from "./reused-memory.ts";

export type SessionListener = {
  /** The worker says who it is and how its model is: at first, and whenever that changes. */
  onHello(hello: WorkerHello): void;
  onReply(attempt: Attempt, reply: WorkerReply): void;
  /** It may take more than it could. */
  onCapacity(): void;
  /** It takes nothing new, and finishes what it holds. */
  onGoodbye(reason: string): void;
  /** Called once, with what it had been given and did not answer. */
  onLost(reason: string, attempts: readonly Attempt[]): void;
};

export type SessionOptions = {
  /** This gateway's instance. */
  readonly gateway: string;
  readonly cluster: string;
};

/** Replies are as large as a model makes them; the worker has them in memory already. */
const replyBytesMax = 1024 * 1024 * 1024;
const repliesOpenMax = 65_536;
/** A worker's service time is averaged over about so many replies. */
const serviceTimeReplies = 16;

export class LinkSession implements AttemptWorker {
  /** The worker's. */
  readonly instance: string;
  /** How long a run lately took there, in microseconds; 0 until there was one. */
  serviceUs = 0;
  /** The worker's own count of the rows it has answered, as last heard. */
  rowsAnswered = 0;
  /** Of `inFlight`, the items of bulk streams. */
  bulkInFlight = 0;
  readonly pace: WorkerPace = new WorkerPace();
  readonly #stream: MessageStream;
  readonly #listener: SessionListener;
  readonly #outbox = new Outbox<ControlFrame, Attempt>();
  readonly #inbox = new Inbox<ReplyBegin>({
    payloadBytesMax: replyBytesMax,
    openMax: repliesOpenMax,
  });
  readonly #credit = new RequestCredit();
  readonly #writer: TurnWriter<ControlFrame, Attempt>;
  readonly #attempts = new Map<number, Attempt>();
  /** Of the one message that is being written: it is free when that has been passed on. */
  readonly #memory = reusedMemory();
  #lastId = 0;
  #acknowledgedBytes = 0;
  #isClosed = false;

  constructor(
    options: SessionOptions & { readonly instance: string },
    modules: { readonly stream: MessageStream; readonly listener: SessionListener },
  ) {
    this.instance = options.instance;
    this.#stream = modules.stream;
    this.#listener = modules.listener;
    this.#writer = new TurnWriter({
      outbox: this.#outbox,
      write: (frames, done) => {
        this.#stream.write(encodeLeaving(frames, monotonicMs(), this.#memory), done);
      },
    });
    this.#stream.listen({
      onMessage: (message) => this.#receive(message),
      onEnd: (failure) => this.close(failure?.message ?? "the worker ended the link"),
    });
    const { gateway, cluster } = options;
    this.#control({ case: "hello", value: { instance: gateway, cluster } });
  }

  /** Requests given to the worker and not answered. */
  get inFlight(): number {
    return this.#attempts.size;
  }

  /** Whether the worker has granted credit for one more request of this size. */
  mayTake(payloadBytes: number): boolean {
    return !this.#isClosed && this.#credit.mayBegin(payloadBytes, this.#attempts.size === 0);
  }

  /** Queues an attempt; call `flush` at the end of the turn. */
  send(attempt: Attempt): void {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#attempts.set(id, attempt);
    attempt.linkId = id;
    if (attempt.exchange.isBulk) this.bulkInFlight += 1;
    this.#credit.begin(attempt.exchange.payloadBytes);
    this.#outbox.begin({ id, header: attempt, payload: attempt.exchange.payload });
  }

  /** Writes what has been queued now, without waiting for the end of the turn. */
  flush(): void {
    this.#writer.flush();
  }

  /** Nobody waits for this attempt any more: takes it back, or tells the worker. */
  cancel(attempt: Attempt): void {
    const id = attempt.linkId;
    if (id === 0) return;
    this.#inbox.discard(id);
    if (!this.#takeBack(id, attempt)) this.#control({ case: "cancel", value: { ids: [id] } });
  }

  /** Takes back what has not left, to be given to another worker. */
  takeBackUnsent(): readonly Attempt[] {
    const unsent = [...this.#attempts].filter(([, attempt]) => attempt.leftMs === undefined);
    for (const [id, attempt] of unsent) this.#takeBack(id, attempt);
    return unsent.map(([, attempt]) => attempt);
  }

  /** Asks the worker for the spans of a request it had. */
  keep(predictionId: Uint8Array, reason: string): void {
    this.#control({ case: "keep", value: { predictionId, reason } });
  }

  /** Ends the session. What was not answered goes to `onLost`, at once. */
  close(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#writer.close();
    this.#stream.end();
    const lost = [...this.#attempts.values()];
    this.#attempts.clear();
    for (const attempt of lost) attempt.linkId = 0;
    this.#listener.onLost(reason, lost);
  }

  #control(control: GatewayControl): void {
    if (this.#isClosed) return;
    const frame = encodeGatewayControl(control);
    this.#outbox.control(frame, frame.byteLength);
    this.#writer.schedule();
  }

  /** Forgets an attempt. True when no frame of it had left, so that it costs no credit. */
  #takeBack(id: number, attempt: Attempt): boolean {
    this.#attempts.delete(id);
    if (attempt.exchange.isBulk) this.bulkInFlight -= 1;
    attempt.linkId = 0;
    const isUnsent = this.#outbox.remove(id) === "unsent";
    if (isUnsent) this.#credit.takeBack(attempt.exchange.payloadBytes);
    else this.#writer.schedule();
    return isUnsent;
  }

  #receive(bytes: Uint8Array): void {
    try {
      decodeWorkerFrames(bytes, (frame) => this.#take(frame));
    } catch (error) {
      this.close(messageOf(error));
    }
    if (this.#inbox.chunkBytes === this.#acknowledgedBytes) return;
    this.#acknowledgedBytes = this.#inbox.chunkBytes;
    this.#control({ case: "credit", value: { chunkBytes: this.#acknowledgedBytes } });
  }

  #take(frame: WorkerFrame): void {
    if (this.#isClosed) return;
    switch (frame.case) {
      case "hello":
        this.#listener.onHello(frame.value);
        break;
      case "replyBegin":
        this.#begin(frame.value);
        break;
      case "replyChunk":
        this.#handle(this.#inbox.chunk(frame.value.id, frame.value.data));
        break;
      case "replyEnd":
        this.#handle(this.#inbox.end(frame.value.id, frame.value.aborted));
        break;
      case "started":
        this.#markStarted(frame.value.ids);
        break;
      case "credit":
        this.#grant(frame.value);
        break;
      case "goodbye":
        this.#listener.onGoodbye(frame.value.reason);
        break;
      case "load":
        this.pace.told(frame.value.batchRunUs);
        break;
      default:
        unreachable(frame);
    }
  }

  #begin(reply: ReplyBegin): void {
    const { id, payloadBytes, payload, rowsAnswered } = reply;
    this.rowsAnswered = Math.max(this.rowsAnswered, rowsAnswered);
    this.#handle(this.#inbox.begin(id, reply, payloadBytes, payload));
    // Nobody waits for it any more.
    if (!this.#attempts.has(id)) this.#inbox.discard(id);
  }

  #markStarted(ids: readonly number[]): void {
    for (const id of ids) {
      const attempt = this.#attempts.get(id);
      if (attempt !== undefined) attempt.isStarted = true;
    }
  }

  #grant(credit: Credit): void {
    this.#credit.grant(credit.requests, credit.requestBytes);
    this.#outbox.acknowledge(credit.chunkBytes);
    this.#writer.schedule();
    this.#listener.onCapacity();
  }

  #handle(received: Received<ReplyBegin>): void {
    switch (received.kind) {
      case "open":
        break;
      case "invalid":
        this.close(`the worker broke the rules of the link: ${received.reason}`);
        break;
      case "aborted":
        this.#answer(received.id, abortedReply);
        break;
      case "complete": {
        const { id, header, payload } = received;
        this.#answer(id, toReply(header, payload));
        break;
      }
      default:
        unreachable(received);
    }
  }

  #answer(id: number, reply: WorkerReply): void {
    const attempt = this.#attempts.get(id);
    this.#learn(reply, attempt);
    if (attempt === undefined) return;
    // A worker may refuse a large request before it has all of it.
    this.#takeBack(id, attempt);
    this.#listener.onReply(attempt, reply);
  }

  #learn({ status, timings, rows }: WorkerReply, attempt: Attempt | undefined): void {
    if (status !== 0 || timings === undefined) return;
    if (attempt?.exchange.isBulk === false) this.pace.answered(rows);
    const isFirst = this.serviceUs === 0;
    this.serviceUs += (timings.runUs - this.serviceUs) / (isFirst ? 1 : serviceTimeReplies);
  }
}
