import type { Agent } from "node:http";
import https from "node:https";
import { messageOf } from "#core/failure.ts";
import type { SpanRecord } from "#core/trace/span.ts";
import { encodeTraces, type SpanSource } from "#wire/otlp/encode.ts";
import { monotonicMs, sleep } from "./clock.ts";
import type { Log } from "./log.ts";
import { http } from "./node-http.ts";
import { tracesUrl } from "./telemetry.ts";

export type SpanExporterOptions = SpanSource & {
  /**
   * The base address of an OTLP/HTTP receiver; undefined: spans go nowhere and nothing is counted.
   */
  readonly endpoint: string | undefined;
};

/** Spans waiting to be sent; about 20 MB when full. */
const queueSpansMax = 16_384;
/** Encoding a batch of this size holds the event loop for about two milliseconds. */
const batchSpansMax = 512;
/** A span waits this long for company. */
const flushEveryMs = 200;
const postMsMax = 5_000;
/** A batch is tried for this long; meanwhile the queue fills and then refuses. */
const retryMsMax = 10_000;
const retryPauseMs = 250;
/** Disposing sends what is left for this long. */
const closeMsMax = 2_000;

/**
 * Sends spans to an OTLP/HTTP receiver in batches, in the background. Nothing it does blocks or
 * throws: when the receiver is away for long or spans come faster than it takes them, spans are
 * dropped and counted. Disposing sends what is left, for at most two seconds.
 */
export class SpanExporter implements AsyncDisposable {
  readonly #source: SpanSource;
  readonly #url: URL | undefined;
  readonly #log: Log;
  readonly #agent: Agent;
  readonly #queue: SpanRecord[] = [];
  /** Ends the wait for more spans. */
  #hurry = new AbortController();
  readonly #giveUp = new AbortController();
  #sending: Promise<void> | undefined;
  #isClosed = false;
  #isFailing = false;
  #sent = 0;
  #dropped = 0;

  constructor(options: SpanExporterOptions, modules: { readonly log: Log }) {
    this.#source = { service: options.service, attributes: options.attributes };
    this.#url = options.endpoint === undefined ? undefined : new URL(tracesUrl(options.endpoint));
    this.#log = modules.log;
    const keepAlive = { keepAlive: true, maxSockets: 1 };
    this.#agent = new (this.#isSecure ? https : http).Agent(keepAlive);
  }

  /** Spans that a receiver has taken. */
  get sent(): number {
    return this.#sent;
  }

  /** Spans that were given up. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Queues a span; never blocks. */
  export(span: SpanRecord): void {
    if (this.#url === undefined) return;
    if (this.#isClosed || this.#queue.length >= queueSpansMax) {
      this.#dropped += 1;
      return;
    }
    this.#queue.push(span);
    this.#sending ??= this.#sendAll(this.#url);
    if (this.#queue.length >= batchSpansMax) this.#hurry.abort();
  }

  /** May be called twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#hurry.abort();
    const giveUp = setTimeout(() => this.#giveUp.abort(), closeMsMax);
    await this.#sending;
    clearTimeout(giveUp);
    this.#agent.destroy();
  }

  get #isSecure(): boolean {
    return this.#url?.protocol === "https:";
  }

  /** Runs while there are spans; started by the first one. */
  async #sendAll(url: URL): Promise<void> {
    while (this.#queue.length > 0) {
      if (!this.#isClosed && this.#queue.length < batchSpansMax) {
        this.#hurry = new AbortController();
        await sleep(flushEveryMs, this.#hurry.signal);
      }
      await this.#sendBatch(url, this.#queue.splice(0, batchSpansMax));
    }
    this.#sending = undefined;
  }

  async #sendBatch(url: URL, spans: readonly SpanRecord[]): Promise<void> {
    const body = encodeTraces(this.#source, spans);
    const endMs = monotonicMs() + retryMsMax;
    for (;;) {
      const outcome = await this.#post(url, body);
      if (outcome === "taken") {
        this.#sent += spans.length;
        if (this.#isFailing) this.#log.info("spans are being taken again", { url: url.href });
        this.#isFailing = false;
        return;
      }
      if (!this.#isFailing) {
        this.#log.warn("spans are not taken", { url: url.href, reason: outcome.reason });
      }
      this.#isFailing = true;
      const isOver = this.#giveUp.signal.aborted || monotonicMs() + retryPauseMs > endMs;
      if (!outcome.mayRetry || isOver) {
        this.#dropped += spans.length;
        return;
      }
      await sleep(retryPauseMs, this.#giveUp.signal);
    }
  }

  async #post(
    url: URL,
    body: Uint8Array,
  ): Promise<"taken" | { readonly reason: string; readonly mayRetry: boolean }> {
    const { request } = this.#isSecure ? https : http;
    const headers = { "content-type": "application/x-protobuf", "content-length": body.length };
    const signal = AbortSignal.any([this.#giveUp.signal, AbortSignal.timeout(postMsMax)]);
    try {
      const status = await new Promise<number>((resolve, reject) => {
        const options = { method: "POST", headers, agent: this.#agent, signal };
        const posting = request(url, options, (response) => {
          response.resume();
          response.on("end", () => resolve(response.statusCode ?? 0));
          response.on("error", reject);
        });
        posting.on("error", reject);
        posting.end(body);
      });
      if (status >= 200 && status < 300) return "taken";
      return { reason: `HTTP ${status}`, mayRetry: [429, 502, 503, 504].includes(status) };
    } catch (error) {
      return { reason: messageOf(error), mayRetry: true };
    }
  }
}
