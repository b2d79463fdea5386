import type { ModelRef } from "#core/model/name.ts";
import { ModelState as StateNumber } from "#gen/sluice/control/v1/model_pb.ts";
import { WorkerLinkService } from "#gen/sluice/link/v1/link_pb.ts";
import { monotonicMs, sleep } from "#platform/clock.ts";
import type { ServedService } from "#platform/rpc/server.ts";
import { toDescription } from "#wire/description.ts";
import type { WorkerControl } from "#wire/worker-link.ts";
import { Link, type LinkModules, type LinkStream } from "./link.ts";
import type { LinkCreditOptions } from "./link-credit.ts";
import type { ModelState } from "./model-slot.ts";

export type LinkServiceOptions = {
  readonly instance: string;
  readonly cluster: string;
  readonly ref: ModelRef;
  readonly producer: string;
  readonly credit: LinkCreditOptions;
};

/**
 * Of a model that runs one request at a time: one that runs, and some whose decoding hides the way
 * to it.
 */
const requestsGrantedMin = 4;
const drainPollMs = 5;

/** Serves the streams of gateways, and tells all of them how the model is. */
export class LinkService {
  readonly #options: LinkServiceOptions;
  readonly #modules: LinkModules;
  readonly #links = new Set<Link>();
  #told = { queueWaitUs: 0, inFlight: 0 };

  constructor(options: LinkServiceOptions, modules: LinkModules) {
    this.#options = options;
    this.#modules = modules;
    modules.slot.onChange((state) => this.#stateChanged(state));
    modules.slot.onAnnounce(() => {
      for (const link of this.#links) link.announceStarted();
    });
  }

  /** What an RPC server needs to serve this. */
  get service(): ServedService {
    const Connect = (stream: LinkStream) => this.#connect(stream);
    return { service: WorkerLinkService, handlers: { Connect }, raw: ["Connect"] };
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

  /** Tells every gateway how busy this worker is, where that has changed. */
  tellLoad(): void {
    const value = { queueWaitUs: this.#modules.slot.queueWaitUs, inFlight: this.inFlight };
    const told = this.#told;
    if (told.queueWaitUs === value.queueWaitUs && told.inFlight === value.inFlight) return;
    this.#told = value;
    for (const link of this.#links) link.send({ case: "load", value });
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

  #connect(stream: LinkStream): void {
    const { credit } = this.#options;
    const onEnd = (ended: Link) => void this.#links.delete(ended);
    const link = new Link(stream, { credit, onEnd }, this.#modules);
    this.#links.add(link);
    const { state } = this.#modules.slot;
    link.send(this.#hello(state));
    if (state.kind === "ready") link.grant(this.#requestsGranted(state));
    if (state.kind === "draining") link.drain("the worker is shutting down");
  }

  #stateChanged(state: ModelState): void {
    for (const link of this.#links) {
      link.send(this.#hello(state));
      if (state.kind === "ready") link.grant(this.#requestsGranted(state));
    }
  }

  /** Two full batches' worth for each thread: one that runs and one that forms. */
  #requestsGranted({ model }: ModelState & { readonly kind: "ready" }): number {
    const { batched, batching, instances } = model.spec;
    const rows = batched.enabled ? batching.rowsMax : 1;
    return Math.max(requestsGrantedMin, 2 * rows * instances);
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
