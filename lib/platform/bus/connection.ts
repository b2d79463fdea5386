/**
 * Keeps one connection alive: dials until the first attempt succeeds, then follows what the client
 * library says of losses and returns. Whatever belongs to one connection is its session, made at
 * every (re)connection and let go at every loss, so that nothing is ever used across one.
 */
import { Failure, messageOf } from "#core/failure.ts";
import { sleep } from "../clock.ts";
import type { Log } from "../log.ts";

/** A connection that has been made, as the client library sees it. */
export type Line<Session> = {
  readonly openSession: () => Session;
  /** Ends when the connection is closed for good. */
  readonly changes: AsyncIterable<"lost" | "back" | "other">;
  /** For the log: what is at the other end. */
  readonly peer: () => string;
  readonly close: () => Promise<void>;
};

export type ConnectionOptions<Session> = {
  readonly dial: () => Promise<Line<Session>>;
  readonly log: Log;
};

const redialMs = 250;

export class Connection<Session> implements AsyncDisposable {
  readonly #options: ConnectionOptions<Session>;
  readonly #closed = new AbortController();
  readonly #listeners = new Set<() => void>();
  readonly #running: Promise<void>;
  #line: Line<Session> | undefined;
  #current: { readonly session: Session; readonly lost: AbortController } | undefined;

  /** Returns at once and connects in the background until disposed. */
  constructor(options: ConnectionOptions<Session>) {
    this.#options = options;
    this.#running = this.#run();
  }

  get isConnected(): boolean {
    return this.#current !== undefined;
  }

  /** See `Bus.onConnection`. */
  onConnection(listener: () => void): () => void {
    this.#listeners.add(listener);
    queueMicrotask(() => {
      if (this.isConnected && this.#listeners.has(listener)) listener();
    });
    return () => this.#listeners.delete(listener);
  }

  /**
   * Acts on the session of the moment; a Failure `unavailable` that names `what` where there is
   * none.
   */
  async use<T>(what: string, act: (session: Session) => Promise<T>): Promise<T> {
    if (this.#current === undefined) {
      throw new Failure("unavailable", `NATS: ${what}: not connected`);
    }
    return await act(this.#current.session);
  }

  /**
   * The session of the moment with the signal that aborts at its loss, again and again at short
   * intervals, until the signal aborts or this is disposed of.
   */
  async *sessions(signal: AbortSignal): AsyncIterable<{ session: Session; until: AbortSignal }> {
    const until = AbortSignal.any([signal, this.#closed.signal]);
    while (!until.aborted) {
      if (this.#current !== undefined) {
        const { session, lost } = this.#current;
        yield { session, until: AbortSignal.any([until, lost.signal]) };
      }
      await sleep(redialMs, until);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    this.#lose();
    if (this.#line === undefined) return;
    await this.#line.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const line = await this.#dial();
    if (line === undefined) return;
    if (this.#closed.signal.aborted) return await line.close();
    this.#line = line;
    this.#connected(line);
    for await (const change of line.changes) {
      if (change === "back") this.#connected(line);
      if (change === "lost" && this.#lose()) {
        this.#options.log.warn("lost NATS: going on without it and trying to reconnect");
      }
    }
    this.#lose();
  }

  async #dial(): Promise<Line<Session> | undefined> {
    let isTold = false;
    while (!this.#closed.signal.aborted) {
      try {
        return await this.#options.dial();
      } catch (error) {
        const reason = messageOf(error);
        if (!isTold) this.#options.log.warn("NATS cannot be reached: trying on", { reason });
        isTold = true;
      }
      await sleep(redialMs, this.#closed.signal);
    }
    return undefined;
  }

  #connected(line: Line<Session>): void {
    this.#lose();
    this.#current = { session: line.openSession(), lost: new AbortController() };
    this.#options.log.info("connected to NATS", { server: line.peer() });
    for (const listener of this.#listeners) listener();
  }

  /** True when there was a session to lose. */
  #lose(): boolean {
    const lost = this.#current?.lost;
    this.#current = undefined;
    lost?.abort();
    return lost !== undefined;
  }
}
