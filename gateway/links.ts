/** Every link of this gateway, and the routing table they make. */
import type { ModelRef } from "#core/model/name.ts";
import { RefMap } from "#core/model/ref-map.ts";
import type { Draw } from "#core/random.ts";
import {
  allVersions,
  emptyTable,
  findVersion,
  type RoutingTable,
  withoutReplica,
  withoutVersion,
  withReplica,
  withVersion,
} from "#core/routing/table.ts";
import type { ModelDescription } from "#gen/sluice/control/v1/model_pb.ts";
import type { RouteModel, Routes, RouteWorker } from "#platform/routes-file.ts";
import type { Attempt, WorkerReply } from "./exchange.ts";
import { Link, type LinkLoss } from "./link.ts";
import type { LinkSession, SessionOptions } from "./link-session.ts";

export type LinksListener = {
  /** The table has changed. `ref` is the version that changed. */
  onTable?(ref: ModelRef): void;
  onReply?(attempt: Attempt, reply: WorkerReply): void;
  /** A worker of this version may take more than it could. */
  onCapacity?(ref: ModelRef): void;
  onUp?(link: Link): void;
  onLost?(link: Link, loss: LinkLoss): void;
};

/** What is known of a version that is or was ready. */
export type KnownModel = { readonly description: ModelDescription; readonly digest: string };

const none: readonly LinkSession[] = [];

export class Links implements Disposable {
  readonly #options: SessionOptions;
  readonly #draw: Draw;
  readonly #listeners: LinksListener[] = [];
  readonly #links = new Map<string, Link>();
  /** By version: asked for at every draw, changed with the table alone. */
  readonly #ready = new RefMap<readonly LinkSession[]>();
  readonly #known = new RefMap<KnownModel>();
  #table: RoutingTable = emptyTable;

  constructor(options: SessionOptions, modules: { readonly draw: Draw }) {
    this.#options = options;
    this.#draw = modules.draw;
  }

  get table(): RoutingTable {
    return this.#table;
  }

  /** Listeners are called in the order they came. */
  listen(listener: LinksListener): void {
    this.#listeners.push(listener);
  }

  /** Makes a version known that is expected, or was kept out. */
  expect({ model, version, state, reason }: RouteModel): void {
    const expectation = state === "failed" ? { kind: state, reason } : { kind: state };
    this.#change({ model, version }, withVersion(this.#table, { model, version }, expectation));
  }

  /** Dials a worker. One of the same instance that is somewhere else now is dialled anew. */
  add(ref: ModelRef, worker: RouteWorker): void {
    const before = this.#links.get(worker.instance);
    if (before?.worker.address === worker.address && isSame(before.ref, ref)) return;
    this.remove(worker.instance);
    const link = new Link(
      { ...this.#options, worker, ref },
      {
        draw: this.#draw,
        listener: {
          onState: (changed) => this.#update(changed),
          onReply: (attempt, reply) => {
            for (const listener of this.#listeners) listener.onReply?.(attempt, reply);
          },
          onCapacity: () => {
            for (const listener of this.#listeners) listener.onCapacity?.(ref);
          },
          onUp: (up) => {
            for (const listener of this.#listeners) listener.onUp?.(up);
          },
          onLost: (lost, loss) => {
            for (const listener of this.#listeners) listener.onLost?.(lost, loss);
          },
        },
      },
    );
    this.#links.set(worker.instance, link);
    this.#update(link);
  }

  /**
   * Ends the link to an instance and forgets it. Its version stays known, unless a hint was all
   * that ever spoke for it, such as one left over from an earlier cluster.
   */
  remove(instance: string): void {
    const link = this.#links.get(instance);
    if (link === undefined) return;
    link[Symbol.dispose]();
    this.#links.delete(instance);
    const table = withoutReplica(this.#table, link.ref, instance);
    this.#change(
      link.ref,
      this.#isHearsay(table, link.ref) ? withoutVersion(table, link.ref) : table,
    );
  }

  find(instance: string): Link | undefined {
    return this.#links.get(instance);
  }

  all(): readonly Link[] {
    return [...this.#links.values()];
  }

  /** The links to workers of one version, whatever their state. */
  of(ref: ModelRef): readonly Link[] {
    return this.all().filter((link) => isSame(link.ref, ref));
  }

  /** The sessions with workers of this version that are ready. */
  ready(ref: ModelRef): readonly LinkSession[] {
    return this.#ready.get(ref) ?? none;
  }

  /** What a worker of a version last said of its model; undefined until one was ready. */
  known(ref: ModelRef): KnownModel | undefined {
    return this.#known.get(ref);
  }

  /** What a gateway could start from now: versions that somebody serves or that have failed. */
  routes(): Routes {
    const models = allVersions(this.#table).map(({ model, version, expectation }) => ({
      model,
      version,
      state: expectation.kind === "failed" ? expectation.kind : ("expected" as const),
      reason: expectation.kind === "failed" ? expectation.reason : "",
      workers: this.of({ model, version }).map((link) => link.worker),
    }));
    const kept = models.filter(({ state, workers }) => state === "failed" || workers.length > 0);
    return { format: 1, cluster: this.#options.cluster, models: kept };
  }

  /** Ends all links, without a word to the listeners. */
  [Symbol.dispose](): void {
    this.#listeners.length = 0;
    for (const link of this.#links.values()) link[Symbol.dispose]();
    this.#links.clear();
    this.#ready.clear();
  }

  #isHearsay(table: RoutingTable, ref: ModelRef): boolean {
    const entry = findVersion(table, ref);
    return (
      entry?.expectation.kind === "learned" &&
      entry.replicas.length === 0 &&
      this.known(ref) === undefined
    );
  }

  #update(link: Link): void {
    if (this.#links.get(link.worker.instance) !== link) return;
    const { ref } = link;
    const sessions = this.of(ref).flatMap((one) => one.readySession ?? []);
    this.#ready.set(ref, sessions);
    const { description, digest = "" } = link.hello ?? {};
    if (link.readySession !== undefined && description !== undefined) {
      this.#known.set(ref, { description, digest });
    }
    this.#change(ref, withReplica(this.#table, ref, link.replica));
  }

  #change(ref: ModelRef, table: RoutingTable): void {
    this.#table = table;
    for (const listener of this.#listeners) listener.onTable?.(ref);
  }
}

function isSame(one: ModelRef, other: ModelRef): boolean {
  return one.model === other.model && one.version === other.version;
}
