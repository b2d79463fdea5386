/**
 * A bulk stream over as many connections as it takes. BulkWindow decides what is sent, resent and
 * given away; here are the connections, the input and the clock:
 *
 * 1. Connections follow one another until everything is answered: open, wait for the gateway's
 *    window, send what is unanswered, then what the input gives, half-close when it is over.
 * 2. A connection that breaks is replaced, at another gateway where there is one, with the token of
 *    the last answer that was given to the application.
 * 3. The application pulls. What it has not taken keeps its place in the window, so that a slow
 *    application slows the gateway and, through it, the input.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import {
  type BulkAnswer,
  type BulkItem,
  type BulkReply,
  decodeReply,
  encodeItem,
  encodeOpening,
  toAnswer,
} from "./bulk-message.ts";
import type { BulkModules, BulkOptions, BulkPosition } from "./bulk-options.ts";
import { BulkWindow } from "./bulk-window.ts";
import {
  type Channel,
  fromMetadata,
  newPromise,
  type RawStream,
  toAborted,
  toError,
} from "./channel.ts";
import { SluiceError } from "./error.ts";
import type { BulkAnswer as BulkAnswerMessage } from "./gen/sluice/predict/v1/predict_pb.ts";
import { metadataKey } from "./metadata.ts";
import { backoffMs, isPassing } from "./retry.ts";

type Item<Tag> = { readonly bytes: Buffer; readonly tag: Tag };

type Connection = {
  readonly call: RawStream;
  readonly endpoint: number;
  mayWrite: boolean;
  isEnded: boolean;
};

const path = "/sluice.predict.v1.PredictService/PredictBulk";
const stallMsDefault = 120_000;
const streamIdBytes = 16;
const endingMsMax = 1_000;
const backoff = { firstMs: 100, maxMs: 2_000 };

/** The answers, to be iterated over once. Leaving the loop ends the stream. */
export class BulkStream<Tag = undefined> implements AsyncIterable<BulkAnswer<Tag>> {
  readonly #options: BulkOptions & { readonly connectMs: number };
  readonly #modules: BulkModules<Tag>;
  readonly #window: BulkWindow<Item<Tag>, BulkAnswerMessage>;
  readonly #streamId: Uint8Array;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #input: AsyncIterator<BulkItem<Tag>> | Iterator<BulkItem<Tag>>;
  #version: string;
  #token: Uint8Array;
  #connection: Connection | undefined;
  #isPulling = false;
  #failure: unknown;
  #wake: () => void = () => {};
  #stallTimer: NodeJS.Timeout | undefined;
  #lastError: SluiceError | undefined;
  #answersSinceOpened = 0;

  constructor(options: BulkOptions & { readonly connectMs: number }, modules: BulkModules<Tag>) {
    const { resume, signal, deadlineMs, ordered = true, version = "" } = options;
    this.#options = options;
    this.#modules = modules;
    this.#streamId = resume?.streamId ?? randomBytes(streamIdBytes);
    this.#token = resume?.resumeToken ?? new Uint8Array();
    this.#version = String(version);
    this.#window = new BulkWindow({
      isOrdered: ordered,
      firstItem: resume?.nextItem ?? 0,
      answered: resume?.answered ?? [],
    });
    this.#signal = AbortSignal.any([
      this.#stop.signal,
      modules.closing,
      ...(signal === undefined ? [] : [signal]),
      ...(deadlineMs === undefined ? [] : [AbortSignal.timeout(deadlineMs)]),
    ]);
    const { items } = modules;
    this.#input =
      Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  }

  /** The version that answers; undefined before the stream has been accepted. */
  get version(): number | undefined {
    return this.#version === "" ? undefined : Number(this.#version);
  }

  /** Where another process would go on. */
  get position(): BulkPosition {
    const { base, above } = this.#window.given;
    return { streamId: this.#streamId, resumeToken: this.#token, nextItem: base, answered: above };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<BulkAnswer<Tag>, void, undefined> {
    const connecting = this.#connect().catch((error: unknown) => this.#fail(error));
    this.#watchForStalls();
    try {
      while (!this.#window.isFinished) {
        const given = this.#window.give();
        if (given !== undefined) {
          const { number, item, answer } = given;
          this.#token = answer.resumeToken;
          this.#pump();
          yield toAnswer(number, item.tag, answer);
          continue;
        }
        if (this.#failure !== undefined) throw this.#failure;
        const { promise, resolve } = newPromise<void>();
        this.#wake = resolve;
        await promise;
      }
    } finally {
      clearTimeout(this.#stallTimer);
      if (this.#window.isFinished) await this.#untilEnded(connecting);
      this.#stop.abort();
      this.#connection?.call.cancel();
      await connecting;
      // An input that never gives its next item cannot be waited for.
      Promise.resolve(this.#input.return?.()).catch(() => {});
    }
  }

  /** Lets the gateway end a stream that is over, rather than cancel it. */
  async #untilEnded(connecting: Promise<void>): Promise<void> {
    const { signal } = this.#stop;
    await Promise.race([connecting, delay(endingMsMax, undefined, { signal }).catch(() => {})]);
  }

  /** Connection after connection; resolves when nothing is left to be answered. */
  async #connect(): Promise<void> {
    const { channels, endpoints } = this.#modules;
    let avoid: number | undefined;
    for (let failures = 0; !this.#window.isFinished; ) {
      const index = endpoints.choose(Date.now(), avoid);
      try {
        const channel = channels[index] as Channel;
        await channel.settle(Date.now() + this.#options.connectMs, this.#signal);
        this.#answersSinceOpened = 0;
        await this.#serve(channel, index);
        return;
      } catch (caught) {
        const error = caught as SluiceError;
        if (this.#signal.aborted) throw toAborted(this.#signal);
        if (!isPassing(error)) throw error;
        this.#lastError = error;
        failures = this.#answersSinceOpened > 0 ? 1 : failures + 1;
        const now = Date.now();
        endpoints.failed(index, now);
        avoid = index;
        const isElsewhere = failures === 1 && endpoints.hasOther(index, now);
        const waitMs = isElsewhere ? 0 : backoffMs(backoff, failures, Math.random());
        await this.#pause(Math.max(waitMs, error.retryAfterMs ?? 0));
      }
    }
  }

  /** One connection, to its end. Rejects unless everything has been answered by then. */
  async #serve(channel: Channel, endpoint: number): Promise<void> {
    const { model, ordered = true, traceparent } = this.#options;
    const sent = traceparent === undefined ? {} : { [metadataKey.traceparent]: traceparent };
    const { promise, resolve, reject } = newPromise<void>();
    if (this.#signal.aborted) throw toAborted(this.#signal);
    const call = channel.stream(path, sent);
    const connection: Connection = { call, endpoint, mayWrite: true, isEnded: false };
    const cancel = () => call.cancel();
    this.#signal.addEventListener("abort", cancel, { once: true });
    call.on("data", (bytes: Buffer) => this.#receive(connection, bytes));
    call.on("drain", () => {
      connection.mayWrite = true;
      this.#pump();
    });
    call.on("error", () => {}); // The status says it all.
    call.on("status", (status) => {
      const headers = fromMetadata(status.metadata);
      if (status.code !== 0) return reject(toError(status, { headers, sent, signal: undefined }));
      if (!this.#window.isWaiting && this.#window.isAllSent) return resolve();
      reject(new SluiceError("unavailable", "the gateway ended the stream early"));
    });
    this.#connection = connection;
    call.write(
      encodeOpening({
        model,
        version: this.#version,
        isOrdered: ordered,
        resumeToken: this.#token,
        streamId: this.#token.length > 0 ? new Uint8Array() : this.#streamId,
      }),
    );
    try {
      await promise;
    } finally {
      this.#signal.removeEventListener("abort", cancel);
      this.#connection = undefined;
      this.#window.broke();
      call.cancel();
    }
  }

  #receive(connection: Connection, bytes: Buffer): void {
    if (connection !== this.#connection) return;
    let reply: BulkReply;
    try {
      reply = decodeReply(bytes);
    } catch (cause) {
      const problem = "the gateway sent what is no PredictBulkResponse";
      this.#fail(new SluiceError("internal", problem, { cause }));
      return;
    }
    if (reply.kind === "accepted") {
      const { accepted } = reply;
      this.#modules.endpoints.succeeded(connection.endpoint);
      this.#version = accepted.version;
      if (this.#token.length === 0) this.#token = accepted.resumeToken;
      const itemsMax = Math.max(1, accepted.itemsMax);
      this.#window.opened({ itemsMax, bytesMax: Math.max(1, Number(accepted.itemBytesMax)) });
    } else if (reply.kind === "answer") {
      const { number, answer } = reply;
      if (this.#window.answered(number, answer) === "unknown") {
        this.#fail(new SluiceError("internal", `an answer to item ${number}, never sent`));
        return;
      }
      this.#answersSinceOpened += 1;
    }
    this.#stallTimer?.refresh();
    this.#pump();
    this.#wake();
  }

  /** Sends what may be sent, and asks the input for more where there is room. */
  #pump(): void {
    const connection = this.#connection;
    if (connection === undefined || connection.isEnded) return;
    while (connection.mayWrite) {
      const item = this.#window.send();
      if (item === undefined) break;
      connection.mayWrite = connection.call.write(item.bytes);
    }
    if (this.#window.isAllSent) {
      connection.isEnded = true;
      connection.call.end();
      return;
    }
    if (this.#window.hasRoom && !this.#isPulling) void this.#pull();
  }

  /** One item of the input. Never rejects: what goes wrong ends the stream. */
  async #pull(): Promise<void> {
    this.#isPulling = true;
    try {
      const { done, value } = await this.#input.next();
      if (done === true) this.#window.inputOver();
      else if (this.#window.isNextAnswered) this.#window.skip();
      else {
        const bytes = encodeItem(this.#window.nextNumber, value);
        this.#window.take({ bytes, tag: value.tag as Tag }, bytes.length);
      }
    } catch (error) {
      return this.#fail(error);
    }
    this.#isPulling = false;
    this.#pump();
    this.#wake();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#stop.abort();
    this.#wake();
  }

  #watchForStalls(): void {
    const { stallMs = stallMsDefault } = this.#options;
    this.#stallTimer = setTimeout(() => {
      const isIdle = this.#connection !== undefined && !this.#window.isWaiting;
      if (isIdle) return void this.#stallTimer?.refresh();
      const why = new SluiceError("deadline-exceeded", `nothing was answered for ${stallMs} ms`);
      this.#fail(this.#connection === undefined ? (this.#lastError ?? why) : why);
    }, stallMs);
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#signal }).catch(() => {});
    if (this.#signal.aborted) throw toAborted(this.#signal);
  }
}
