import { Failure, messageOf } from "#core/failure.ts";
import { Inbox, type Received } from "#core/link/inbox.ts";
import { Outbox, type OutboxFrame, outboxDefaults, type Sending } from "#core/link/outbox.ts";
import { ReplyOrder } from "#core/link/reply-order.ts";
import { monotonicMs, wallUs } from "#platform/clock.ts";
import { roomForMessage } from "#platform/rpc/message-prefix.ts";
import type { MessageStream } from "#platform/rpc/message-stream.ts";
import type { ControlFrame } from "#wire/link-frames.ts";
import type { ReplyHeader } from "#wire/reply-begin.ts";
import type { RequestBegin } from "#wire/request-begin.ts";
import {
  decodeGatewayFrames,
  encodeWorkerControl,
  encodeWorkerFrames,
  type GatewayFrame,
  type WorkerControl,
} from "#wire/worker-link.ts";
import { ActiveRequest, type AnswerSink, type RequestModules } from "./active-request.ts";
import { toArrival } from "./arrival.ts";
import { type CreditWindow, LinkCredit } from "./link-credit.ts";
import type { ModelSlot } from "./model-slot.ts";
import type { Arrival } from "./work.ts";

export type LinkOptions = {
  /** The most any gateway may ever begin: what is larger is refused. */
  readonly most: CreditWindow;
  /** The gateway has used what it was granted, and might use more. */
  readonly onShort: () => void;
  readonly onEnd: (link: Link) => void;
};

export type LinkModules = RequestModules & { readonly slot: ModelSlot };

/**
 * While this much sits inside gRPC, where nothing can be taken back, everything else waits in the
 * outbox.
 */
const bytesInsideMax = 64 * 1024;
const headerBytesBase = 256;
/** An announced size beyond this is no request at all. */
const payloadBytesMax = 2 ** 30;

/**
 * One gateway's stream. Requests come in through an inbox and replies leave through an outbox; all
 * frames of one turn of the event loop travel together. When the stream ends, what it still waited
 * for is dropped.
 */
export class Link {
  readonly #stream: MessageStream;
  readonly #modules: LinkModules;
  readonly #options: LinkOptions;
  readonly #inbox: Inbox<Arrival>;
  readonly #outbox = new Outbox<ControlFrame, ReplyHeader>();
  readonly #order = new ReplyOrder<Sending<ReplyHeader>>({
    chunkBytes: outboxDefaults.chunkBytes,
    send: (reply) => this.#outbox.begin(reply),
  });
  readonly credit: LinkCredit;
  readonly #active = new Map<number, ActiveRequest>();
  readonly #sink: AnswerSink = {
    started: (id) => void this.#started.push(id),
    reply: (id, header, payload) => this.#reply(id, header, payload),
  };
  #gateway = "";
  #started: number[] = [];
  #bytesInside = 0;
  #flush: NodeJS.Immediate | undefined;
  #state: "open" | "draining" | "ended" = "open";

  constructor(stream: MessageStream, options: LinkOptions, modules: LinkModules) {
    this.#stream = stream;
    this.#options = options;
    this.#modules = modules;
    this.credit = new LinkCredit(options.onShort);
    const allocate = (bytes: number) => modules.payloads.take(bytes);
    this.#inbox = new Inbox({ payloadBytesMax, openMax: options.most.requests, allocate });
    stream.listen({ onMessage: (message) => this.#receive(message), onEnd: () => this.#end() });
  }

  /** Requests taken and not yet answered. */
  get inFlight(): number {
    return this.#active.size;
  }

  /** Queues a frame ahead of all replies. */
  send(control: WorkerControl): void {
    const frame = encodeWorkerControl(control);
    this.#outbox.control(frame, frame.byteLength);
    this.#flushSoon();
  }

  /** Lets the gateway begin as many requests from now on. */
  grant(window: CreditWindow): void {
    this.credit.open(window);
    this.#flushSoon();
  }

  /** Sends at once which requests are about to run. */
  announceStarted(): void {
    if (this.#started.length === 0) return;
    const ids = this.#started;
    this.#started = [];
    this.send({ case: "started", value: { ids } });
    // The batch may bring the process down: this leaves whatever else is under way.
    this.#flushNow({ isUrgent: true });
  }

  /** Says goodbye; the stream ends when everything taken has been answered. */
  drain(reason: string): void {
    if (this.#state !== "open") return;
    this.#state = "draining";
    this.send({ case: "goodbye", value: { reason } });
  }

  /** Answers with UNAVAILABLE what has not been answered, and ends as soon as that has left. */
  abandon(reason: string): void {
    const failure = new Failure("unavailable", reason);
    for (const request of [...this.#active.values()]) request.refuse(failure);
    this.#flushNow();
  }

  #receive(bytes: Uint8Array): void {
    if (this.#state === "ended") return;
    try {
      decodeGatewayFrames(bytes, (frame) => this.#take(frame));
    } catch (error) {
      this.#violated(messageOf(error));
    }
    // Frames may have used up chunk credit, which must be given back.
    this.#flushSoon();
  }

  #take(frame: GatewayFrame): void {
    switch (frame.case) {
      case "hello":
        this.#gateway = frame.value.instance;
        this.#modules.events.linkOpened(this.#gateway);
        break;
      case "requestBegin":
        this.#begin(frame.value);
        break;
      case "requestChunk":
        this.#received(this.#inbox.chunk(frame.value.id, frame.value.data));
        break;
      case "requestEnd":
        this.#received(this.#inbox.end(frame.value.id, frame.value.aborted));
        break;
      case "cancel":
        for (const id of frame.value.ids) this.#cancel(id);
        break;
      case "credit":
        this.#outbox.acknowledge(Number(frame.value.chunkBytes));
        break;
      case "keep":
        this.#modules.traces.keep(frame.value.predictionId);
        break;
      case "goodbye":
        this.drain("goodbye was said");
        break;
    }
  }

  #begin(begin: RequestBegin): void {
    const { id, payload, payloadBytes } = begin;
    if (!this.credit.begin(id, payloadBytes)) {
      this.#violated(`request ${id} was begun twice or beyond the credit`);
      return;
    }
    const arrival = toArrival(begin, { arrivedUs: wallUs(), arrivedMs: monotonicMs() });
    const received = this.#inbox.begin(id, arrival, payloadBytes, payload);
    const { requestBytes } = this.#options.most;
    if (payloadBytes <= requestBytes || received.kind === "invalid") {
      this.#received(received);
      return;
    }
    this.#inbox.discard(id);
    const why = `the request has ${payloadBytes} bytes, limit ${requestBytes}`;
    this.#accept(arrival).refuse(new Failure("resource-exhausted", why));
  }

  #received(received: Received<Arrival>): void {
    switch (received.kind) {
      case "complete":
        this.#complete(received.header, received.payload);
        break;
      case "aborted":
        this.credit.finish(received.id);
        break;
      case "invalid":
        this.#violated(received.reason);
        break;
      case "open":
        break;
    }
  }

  #complete(arrival: Arrival, payload: Uint8Array): void {
    const request = this.#accept(arrival);
    const { state } = this.#modules.slot;
    if (state.kind === "ready" && state.model.spec.batching.orderingPreserved) {
      this.#order.arrived(arrival.id);
    }
    if (this.#state === "open" && state.kind === "ready") request.begin(payload, state);
    else if (state.kind === "failed") request.refuse(notReady(`failed to load: ${state.reason}`));
    else request.refuse(notReady(state.kind === "loading" ? "still loading" : "shutting down"));
  }

  #accept(arrival: Arrival): ActiveRequest {
    const request = new ActiveRequest(arrival, this.#sink, this.#modules);
    this.#active.set(arrival.id, request);
    return request;
  }

  #reply(id: number, header: ReplyHeader, payload: Uint8Array): void {
    this.#active.delete(id);
    const headerBytes = headerBytesBase + 3 * (header.message?.length ?? 0);
    this.#order.reply({ id, header, payload, headerBytes });
    this.#flushSoon();
  }

  #cancel(id: number): void {
    const request = this.#active.get(id);
    if (request !== undefined) {
      this.#active.delete(id);
      request.cancel();
      this.#order.drop(id);
      this.credit.finish(id);
      return;
    }
    // Either its reply waits to leave, or it is still arriving and its end will follow.
    if (this.#order.drop(id) || this.#outbox.remove(id) === "unsent") this.credit.finish(id);
    else this.#inbox.discard(id);
  }

  #flushSoon(): void {
    if (this.#state !== "ended") this.#flush ??= setImmediate(() => this.#flushNow());
  }

  #flushNow({ isUrgent = false } = {}): void {
    clearImmediate(this.#flush);
    this.#flush = undefined;
    if (this.#state === "ended") return;
    for (let isFirst = isUrgent; isFirst || this.#bytesInside < bytesInsideMax; isFirst = false) {
      const frames = this.#nextFrames();
      if (frames.length === 0) break;
      this.#write(encodeWorkerFrames(frames, roomForMessage));
    }
    const isDone = this.#active.size === 0 && this.#outbox.waitingBytes === 0;
    if (this.#state === "draining" && isDone && this.#bytesInside === 0) this.#end();
  }

  /** Of the next message: what replies free is granted in the message that takes them. */
  #nextFrames(): readonly OutboxFrame<ControlFrame, ReplyHeader>[] {
    const frames = this.#outbox.take();
    for (const frame of frames) {
      const isWhole = frame.kind === "begin" && frame.payload.length === frame.payloadBytes;
      if (!isWhole && frame.kind !== "end") continue;
      this.credit.finish(frame.id);
      this.#order.left(frame.id);
    }
    const value = this.credit.news(this.#inbox.chunkBytes);
    if (value === undefined) return frames;
    // It is smaller than what the outbox sets aside for the lengths of any one frame.
    const frame = encodeWorkerControl({ case: "credit", value });
    return [...frames, { kind: "control", frame }];
  }

  #write(bytes: Uint8Array): void {
    this.#bytesInside += bytes.byteLength;
    this.#stream.write(bytes, () => {
      this.#bytesInside -= bytes.byteLength;
      this.#flushSoon();
    });
  }

  #violated(reason: string): void {
    if (this.#state === "ended") return;
    this.#modules.events.linkViolated(this.#gateway, reason);
    this.#end(new Failure("invalid-argument", reason));
  }

  #end(failure?: Failure): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    clearImmediate(this.#flush);
    const abandoned = this.#active.size;
    for (const request of this.#active.values()) request.cancel();
    this.#active.clear();
    this.#modules.events.linkClosed(this.#gateway, abandoned);
    this.#stream.end(failure);
    this.#options.onEnd(this);
  }
}

function notReady(why: string): Failure {
  return new Failure("unavailable", `the model is ${why}`);
}
