import { Failure, messageOf } from "#core/failure.ts";
import type { Bus } from "#platform/bus/bus.ts";
import { predictionStream } from "#platform/bus/streams.ts";
import { sleep } from "#platform/clock.ts";
import type { WorkerEvents } from "./events.ts";

export type EventMessage = {
  /** Makes a repeated publication harmless. */
  readonly id: string;
  readonly data: Uint8Array;
  /** Answered rows it stands for. */
  readonly rows: number;
};

export type EventPublisherOptions = {
  readonly subject: string;
  /** What may wait; beyond, the oldest messages go. */
  readonly bufferBytesMax: number;
};

const retryMsMin = 250;
const retryMsMax = 5000;

/**
 * Publishes messages one after another, in order, each until the stream has it or the server will
 * not have it, being too large for one. Nothing here blocks
 * or throws: while the bus is away messages wait, the oldest giving way to the newest when there
 * are too many. Disposing drops what still waits; `drain` first, to give it a chance.
 */
export class EventPublisher implements AsyncDisposable {
  readonly #options: EventPublisherOptions;
  readonly #bus: Bus;
  readonly #events: WorkerEvents;
  readonly #queue: EventMessage[] = [];
  readonly #closed = new AbortController();
  readonly #unsubscribe: () => void;
  #bytes = 0;
  #publishing: Promise<void> | undefined;
  #hasStream = false;
  /** Ends a pause before its time, when there is a connection again. */
  #wake = new AbortController();

  constructor(
    options: EventPublisherOptions,
    modules: { readonly bus: Bus; readonly events: WorkerEvents },
  ) {
    this.#options = options;
    this.#bus = modules.bus;
    this.#events = modules.events;
    this.#unsubscribe = this.#bus.onConnection(() => {
      this.#hasStream = false;
      this.#wake.abort();
    });
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Queues a message; drops the oldest that wait while there are too many. */
  enqueue(message: EventMessage): void {
    if (this.#closed.signal.aborted) {
      this.#drop(message, "the worker is closing");
      return;
    }
    this.#queue.push(message);
    this.#bytes += message.data.byteLength;
    while (this.#bytes > this.#options.bufferBytesMax) this.#dropOldest("the buffer is full");
    if (this.#queue.length > 0) this.#publishing ??= this.#publishAll();
  }

  /** Waits until everything is published, for at most `msMax`. */
  async drain(msMax: number): Promise<void> {
    const timeout = new AbortController();
    await Promise.race([this.#publishing, sleep(msMax, timeout.signal)]);
    // A timer that is left would keep the process alive.
    timeout.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe();
    this.#closed.abort();
    this.#wake.abort();
    await this.#publishing;
    while (this.#queue.length > 0) this.#dropOldest("the worker is closing");
  }

  /** Runs while there are messages; started by the first one. */
  async #publishAll(): Promise<void> {
    for (;;) {
      const message = this.#queue.shift();
      if (message === undefined) break;
      this.#bytes -= message.data.byteLength;
      const problem = await this.#publish(message);
      if (problem === undefined) this.#events.eventPublished();
      else this.#drop(message, problem);
    }
    this.#publishing = undefined;
  }

  /**
   * Tries until the stream has the message. Says why it never will, where the server does not take
   * it at all or the worker closes first.
   */
  async #publish(message: EventMessage): Promise<string | undefined> {
    let pauseMs = retryMsMin;
    for (let attempt = 1; !this.#closed.signal.aborted; attempt += 1) {
      this.#wake = new AbortController();
      try {
        if (!this.#hasStream) await this.#bus.ensureStream(predictionStream);
        this.#hasStream = true;
        await this.#bus.publish(this.#options.subject, message.data, { messageId: message.id });
        if (attempt > 1) this.#events.publishingResumed();
        return undefined;
      } catch (error) {
        if (error instanceof Failure && error.code === "invalid-argument") return error.message;
        // The stream may be what is missing.
        this.#hasStream = false;
        if (attempt === 1) this.#events.publishingFailed(messageOf(error));
      }
      await sleep(pauseMs, AbortSignal.any([this.#wake.signal, this.#closed.signal]));
      pauseMs = this.#wake.signal.aborted ? retryMsMin : Math.min(pauseMs * 2, retryMsMax);
    }
    return "the worker is closing";
  }

  #dropOldest(reason: string): void {
    const oldest = this.#queue.shift();
    if (oldest === undefined) return;
    this.#bytes -= oldest.data.byteLength;
    this.#drop(oldest, reason);
  }

  #drop(message: EventMessage, reason: string): void {
    this.#events.eventDropped(message.rows, reason);
  }
}
