import { isLoadNews, type Load } from "#core/link/load-news.ts";
import type { ModelRef } from "#core/model/name.ts";
import { ModelState as StateNumber } from "#gen/sluice/control/v1/model_pb.ts";
import { WorkerLinkService } from "#gen/sluice/link/v1/link_pb.ts";
import { monotonicMs, sleep } from "#platform/clock.ts";
import type { MessageStream } from "#platform/rpc/message-stream.ts";
import type { ServedService } from "#platform/rpc/server.ts";
import { toDescription } from "#wire/description.ts";
import type { WorkerControl } from "#wire/worker-link.ts";
import { divideWindow } from "./divide-window.ts";
import { Link, type LinkModules } from "./link.ts";
import type { CreditWindow } from "./link-credit.ts";
import type { ModelState } from "./model-slot.ts";

export type LinkServiceOptions = {
  readonly instance: string;
  readonly cluster: string;
  readonly ref: ModelRef;
  readonly producer: string;
  /** What all gateways together may have begun, and no request may exceed. */
  readonly most: CreditWindow;
};

/**
 * Of a model that runs one request at a time: one that runs, and some whose decoding hides the way
 * to it.
 */
const requestsGrantedMin = 4;
const drainPollMs = 5;
/** How often credit is divided anew and the load looked at, while there is any. */
const turnMs = 50;
const idle: Load = { queueWaitUs: 0, inFlight: 0, batchRunUs: 0 };

/**
 * Serves the streams of gateways, and tells all of them how the model is. What the worker may hold
 * is two full batches, one that runs and one that forms, divided among the gateways by what they
 * use: anew every turn, and as soon as one of them has come to the end of its part.
 */
export class LinkService {
  readonly #options: LinkServiceOptions;
  readonly #modules: LinkModules;
  readonly #links = new Set<Link>();
  #told = idle;
  #toldMs = Number.NEGATIVE_INFINITY;
  #turn: NodeJS.Timeout | undefined;

  constructor(options: LinkServiceOptions, modules: LinkModules) {
    this.#options = options;
    this.#modules = modules;
    modules.slot.onChange((state) => this.#stateChanged(state));
    modules.slot.onAnnounce(() => {
      for (const link of this.#links) link.announceStarted();
      this.tellLoad();
    });
  }

  /** What an RPC server needs to serve this. */
  get service(): ServedService {
    const Connect = (stream: MessageStream) => this.#connect(stream);
    return { service: WorkerLinkService, handlers: {}, streams: { Connect } };
  }

  get links(): number {
    return this.#links.size;
  }

  /** Requests taken and not yet answered, of all gateways. */
  get inFlight(): number {
    let sum = 0;
    for (const link of this.#links) sum += link.inFlight;
    return sum;
  }

  /** Tells every gateway how busy this worker is, where that is news. */
  tellLoad(): void {
    if (this.#links.size === 0) return;
    const load = this.#load();
    const nowMs = monotonicMs();
    if (isLoadNews(this.#told, load, nowMs - this.#toldMs)) {
      this.#told = load;
      this.#toldMs = nowMs;
      for (const link of this.#links) link.send({ case: "load", value: load });
    }
    if (load.inFlight > 0 || this.#told.inFlight > 0 || this.#told.queueWaitUs > 0)
      this.#turnSoon();
  }

  /**
   * Says goodbye to every gateway and waits until all that was taken has been answered and has
   * left, for at most `msMax`; what is left then is answered with UNAVAILABLE.
   */
  async drain(msMax: number): Promise<void> {
    for (const link of this.#links) link.drain("the worker is shutting down");
    const endMs = monotonicMs() + msMax;
    while (this.#links.size > 0 && monotonicMs() < endMs) await sleep(drainPollMs);
    for (const link of this.#links) link.abandon("the worker is shutting down");
  }

  #load(): Load {
    const { queueWaitUs, batchRunUs } = this.#modules.slot;
    return { queueWaitUs, inFlight: this.inFlight, batchRunUs };
  }

  #connect(stream: MessageStream): void {
    const { most } = this.#options;
    const onEnd = (ended: Link) => {
      this.#links.delete(ended);
      this.#divide();
    };
    const onShort = () => this.#divide();
    const link = new Link(stream, { most, onShort, onEnd }, this.#modules);
    this.#links.add(link);
    const { state } = this.#modules.slot;
    link.send(this.#hello(state));
    const load = this.#load();
    if (load.batchRunUs > 0) link.send({ case: "load", value: load });
    this.#divide();
    if (state.kind === "draining") link.drain("the worker is shutting down");
  }

  #stateChanged(state: ModelState): void {
    for (const link of this.#links) link.send(this.#hello(state));
    this.#divide();
  }

  /** Grants every gateway its part. */
  #divide(): void {
    const { state } = this.#modules.slot;
    if (state.kind !== "ready") return;
    const links = [...this.#links];
    const windows = divideWindow(
      this.#window(state),
      links.map(({ credit }) => credit.use),
    );
    for (const [at, window] of windows.entries()) links[at]?.grant(window);
    if (links.length > 1) this.#turnSoon();
  }

  /** Two full batches' worth for each thread: one that runs and one that forms. */
  #window({ model }: ModelState & { readonly kind: "ready" }): CreditWindow {
    const { batched, batching, instances } = model.spec;
    const rows = batched.enabled ? batching.rowsMax : 1;
    const { requests, requestBytes } = this.#options.most;
    const granted = Math.max(requestsGrantedMin, 2 * rows * instances);
    return { requests: Math.min(requests, granted), requestBytes };
  }

  #turnSoon(): void {
    this.#turn ??= setTimeout(() => this.#takeTurn(), turnMs).unref();
  }

  /** Goes on as long as anything has been held lately. */
  #takeTurn(): void {
    this.#turn = undefined;
    let isInUse = false;
    for (const { credit } of this.#links) {
      credit.nextTurn();
      isInUse ||= credit.use.requests > 0;
    }
    if (isInUse && this.#links.size > 1) this.#divide();
    this.tellLoad();
  }

  #hello(state: ModelState): WorkerControl {
    const { instance, cluster, ref, producer } = this.#options;
    const value = {
      ...{ instance, cluster, producer, model: ref.model, version: ref.version },
      state: stateNumbers[state.kind],
      reason: state.kind === "failed" ? state.reason : "",
      ...(state.kind === "ready"
        ? { digest: state.host.digest, description: toDescription(state.host.spec) }
        : {}),
    };
    return { case: "hello", value };
  }
}

const stateNumbers = {
  loading: StateNumber.LOADING,
  ready: StateNumber.READY,
  failed: StateNumber.FAILED,
  draining: StateNumber.DRAINING,
};
