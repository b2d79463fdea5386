/**
 * The way to one worker: dials it, and dials again whenever the link is lost, until disposed of.
 */
import { backoffMs } from "#core/limits/backoff.ts";
import { formatRef, type ModelRef } from "#core/model/name.ts";
import type { Draw } from "#core/random.ts";
import type { Replica, ReplicaState } from "#core/routing/table.ts";
import { ModelState } from "#gen/sluice/control/v1/model_pb.ts";
import { type WorkerHello, WorkerLinkService } from "#gen/sluice/link/v1/link_pb.ts";
import { monotonicMs } from "#platform/clock.ts";
import type { RouteWorker } from "#platform/routes-file.ts";
import { DialledStream } from "#platform/rpc/dialled-stream.ts";
import type { Attempt, WorkerReply } from "./exchange.ts";
import { LinkSession, type SessionOptions } from "./link-session.ts";

export type LinkListener = {
  /** What `replica` tells has changed. */
  onState(link: Link): void;
  onReply(attempt: Attempt, reply: WorkerReply): void;
  onCapacity(link: Link): void;
  onUp(link: Link): void;
  /** Called whenever a link that had been up is lost, with what the worker did not answer. */
  onLost(link: Link, loss: LinkLoss): void;
};

export type LinkLoss = {
  readonly reason: string;
  readonly attempts: readonly Attempt[];
  /** The worker's hello and its count of the rows it had answered, as last heard. */
  readonly hello: WorkerHello;
  readonly rowsAnswered: number;
};

const backoff = { firstMs: 50, maxMs: 1_000 };
/** A worker says hello as soon as it is dialled, before it loads its model. */
const helloMsMax = 10_000;
const mebibyte = 1024 * 1024;

/** A hello with a long list of features may be larger than any other message. */
const messageBytesMax = 64 * mebibyte;
/** A machine that vanished says nothing: the link is given up after fifteen seconds of silence. */
const pings = { pingMs: 10_000, pingMsMax: 5_000 };
const path = `/${WorkerLinkService.typeName}/Connect`;

export class Link implements Disposable {
  readonly worker: RouteWorker;
  readonly ref: ModelRef;
  readonly #options: SessionOptions;
  readonly #listener: LinkListener;
  readonly #draw: Draw;
  #session: LinkSession | undefined;
  #hello: WorkerHello | undefined;
  #isUp = false;
  #isLeaving = false;
  #reason = "";
  /** Since when it is, or was last, up. */
  #upMs = 0;
  #failedDials = 0;
  #timer: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(
    options: SessionOptions & { readonly worker: RouteWorker; readonly ref: ModelRef },
    modules: { readonly listener: LinkListener; readonly draw: Draw },
  ) {
    this.worker = options.worker;
    this.ref = options.ref;
    this.#options = options;
    this.#listener = modules.listener;
    this.#draw = modules.draw;
    this.#dial();
  }

  /** What the worker last said of itself. */
  get hello(): WorkerHello | undefined {
    return this.#hello;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** To give requests to; undefined while the worker is not ready to take any. */
  get readySession(): LinkSession | undefined {
    const isReady = this.#isUp && this.replica.state === "ready";
    return isReady ? this.#session : undefined;
  }

  /** The session as long as there is one, ready or not: it may have requests under way. */
  get session(): LinkSession | undefined {
    return this.#isUp ? this.#session : undefined;
  }

  get replica(): Replica {
    const { instance, address } = this.worker;
    const state = this.#isLeaving ? "draining" : stateOf(this.#hello);
    const reason = this.#isUp ? (this.#hello?.reason ?? "") : this.#reason;
    return { instance, address, isConnected: this.#isUp, state, reason };
  }

  /** Dials no more and ends the link; what was under way on it is lost. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    this.#session?.close("the gateway closed the link");
  }

  #dial(): void {
    if (this.#isDisposed) return;
    const { instance, address } = this.worker;
    const stream = new DialledStream({
      ...{ address, path, messageBytesMax, windowBytes: mebibyte },
      ...pings,
    });
    const session = new LinkSession(
      { ...this.#options, instance },
      {
        stream,
        listener: {
          onHello: (hello) => this.#greet(hello),
          onReply: (attempt, reply) => this.#listener.onReply(attempt, reply),
          onCapacity: () => this.#listener.onCapacity(this),
          onGoodbye: () => this.#leave(),
          onLost: (reason, attempts) => this.#lose(reason, attempts),
        },
      },
    );
    this.#session = session;
    this.#timer = setTimeout(() => session.close("no hello within 10 seconds"), helloMsMax);
  }

  #greet(hello: WorkerHello): void {
    const problem = this.#mismatch(hello);
    if (problem !== undefined) {
      this.#session?.close(problem);
      return;
    }
    clearTimeout(this.#timer);
    const wasUp = this.#isUp;
    this.#hello = hello;
    this.#isUp = true;
    this.#isLeaving = false;
    if (!wasUp) this.#upMs = monotonicMs();
    this.#listener.onState(this);
    if (!wasUp) this.#listener.onUp(this);
  }

  #leave(): void {
    this.#isLeaving = true;
    this.#listener.onState(this);
  }

  /** Why the worker at this address is not the one that was to be dialled. */
  #mismatch({ instance, cluster, model, version }: WorkerHello): string | undefined {
    const worker = `the worker at ${this.worker.address}`;
    const expected = this.#options.cluster;
    if (cluster !== expected) return `${worker} belongs to cluster "${cluster}", not "${expected}"`;
    if (model !== this.ref.model || version !== this.ref.version) {
      return `${worker} serves ${model}@${version}, not ${formatRef(this.ref)}`;
    }
    // Linked under the name of the one before it, it would count as two replicas.
    if (instance !== this.worker.instance)
      return `${worker} is ${instance}, not ${this.worker.instance}`;
    return undefined;
  }

  #lose(reason: string, attempts: readonly Attempt[]): void {
    clearTimeout(this.#timer);
    const wasUp = this.#isUp;
    const { rowsAnswered = 0 } = this.#session ?? {};
    const isNews = wasUp || this.#reason !== reason;
    this.#isUp = false;
    this.#isLeaving = false;
    this.#reason = reason;
    this.#session = undefined;
    if (!this.#isDisposed) {
      // A link that is lost as soon as it is up is dialled no more often than one that never is.
      const hasLasted = wasUp && monotonicMs() - this.#upMs > backoff.maxMs;
      this.#failedDials = hasLasted ? 1 : this.#failedDials + 1;
      const waitMs = backoffMs(backoff, this.#failedDials, this.#draw());
      this.#timer = setTimeout(() => this.#dial(), waitMs);
    }
    if (isNews) this.#listener.onState(this);
    if (!wasUp || this.#hello === undefined) return;
    this.#listener.onLost(this, { reason, attempts, hello: this.#hello, rowsAnswered });
  }
}

function stateOf(hello: WorkerHello | undefined): ReplicaState {
  switch (hello?.state) {
    case ModelState.READY:
      return "ready";
    case ModelState.FAILED:
      return "failed";
    case ModelState.DRAINING:
      return "draining";
    default:
      return "loading";
  }
}
