// Each model is watched by one monitor at a time. Whoever gets the claim on a model shuts out its
// predecessor, loads what was saved and lets the reader begin at its position; whoever loses it
// lets everything go.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { messageOf } from "#core/failure.ts";
import { encodeToken } from "#core/model/name.ts";
import { quoteAll } from "#core/quote.ts";
import type { Bus, KeyValueStore, ObjectStore } from "#platform/bus/bus.ts";
import { monitorBucket, predictionStream } from "#platform/bus/streams.ts";
import { sleep } from "#platform/clock.ts";
import { loop } from "#platform/loop.ts";
import type { Definitions } from "./definitions.ts";
import type { MonitorEvents } from "./events.ts";
import { Lease } from "./lease.ts";
import { SegmentFiles } from "./segment-files.ts";
import { Snapshots } from "./snapshots.ts";
import { segmentsOf, WatchedModel } from "./watched-model.ts";
import type { WatchedModels } from "./watched-models.ts";

export type StewardOptions = {
  /** The process's name: others on its machine see when it has ended. */
  readonly holder: string;
  readonly graceMs: number;
  readonly leaseMs: number;
  readonly snapshotMs: number;
  /** Where rows are kept that memory has no room for; absent: they go. */
  readonly dataDir?: string | undefined;
};

export type StewardModules = {
  readonly bus: Bus;
  readonly definitions: Definitions;
  readonly models: WatchedModels;
  readonly events: MonitorEvents;
  /** Told when the set of watched models has changed. */
  readonly onChange: () => void;
};

type Stores = { readonly keys: KeyValueStore; readonly objects: ObjectStore };

const modelsMax = 1000;
const unreachable = "NATS cannot be reached: no events are read, and reports may be old";
/** How often it is looked whether a baseline.json is another one. */
const baselinesMs = 2000;
// The rest of the time that a whole cluster has for stopping is the others'.
const finishMsMax = 1500;

/** Has the claims on models, and saves what is known of them. */
export class Steward {
  readonly #options: StewardOptions;
  readonly #modules: StewardModules;
  readonly #leases = new Map<string, Lease>();
  readonly #known: Set<string>;
  #stores: Stores | undefined;
  #isFailing = false;

  constructor(options: StewardOptions, modules: StewardModules) {
    this.#options = options;
    this.#modules = modules;
    this.#known = new Set(modules.definitions.models);
  }

  /** A model that the repository does not have and the stream does. */
  meet(model: string): void {
    if (this.#known.size < modelsMax) this.#known.add(model);
  }

  /** Claims and saves until the signal aborts; begins as soon as the bus is there. */
  async run(signal: AbortSignal): Promise<void> {
    const onError = (error: unknown) => this.#fail(error);
    const { leaseMs, snapshotMs } = this.#options;
    this.#modules.models.problem = unreachable;
    await this.#connection(signal);
    await Promise.all([
      loop({ everyMs: leaseMs / 5, signal, onError }, () => this.#claimAll(signal)),
      loop({ everyMs: snapshotMs, signal, onError }, () => this.#saveAll(signal)),
      loop({ everyMs: baselinesMs, signal, onError }, () => this.#refreshAll(signal)),
    ]);
  }

  /** Saves and lets go of everything, for at most 1.5 s; call when nothing is read any more. */
  async finish(): Promise<void> {
    const done = new AbortController();
    const finishing = this.#finish().catch((error: unknown) => this.#fail(error));
    await Promise.race([finishing.then(() => done.abort()), sleep(finishMsMax, done.signal)]);
  }

  /** Resolves at the first connection, or when the signal aborts. */
  async #connection(signal: AbortSignal): Promise<void> {
    const first = new AbortController();
    const unsubscribe = this.#modules.bus.onConnection(() => first.abort());
    const either = AbortSignal.any([signal, first.signal]);
    if (!either.aborted) await once(either, "abort");
    unsubscribe();
  }

  async #claimAll(signal: AbortSignal): Promise<void> {
    const { models, bus, onChange } = this.#modules;
    for (const held of [...models.held]) this.#dropIfLapsed(held);
    if (!bus.isConnected) {
      models.problem = unreachable;
      return;
    }
    const stores = await this.#open();
    const before = new Set(models.held);
    try {
      await this.#claimEach(stores, signal);
    } finally {
      if ([...models.held].some((model) => !before.has(model))) onChange();
    }
    if (this.#isFailing) this.#modules.events.claimsRecovered();
    this.#isFailing = false;
    const others = [...this.#known].filter((model) => models.get(model) === undefined);
    models.problem = others.length === 0 ? "" : `another monitor watches ${quoteAll(others)}`;
  }

  /** What is wrong with one model's claim is thrown when the others have theirs. */
  async #claimEach(stores: Stores, signal: AbortSignal): Promise<void> {
    const errors: unknown[] = [];
    for (const model of this.#known) {
      if (signal.aborted) return;
      await this.#claim(model, stores).catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw errors[0];
  }

  async #open(): Promise<Stores> {
    const { bus } = this.#modules;
    this.#stores ??= {
      keys: await bus.store(monitorBucket),
      objects: await bus.objects(monitorBucket),
    };
    return this.#stores;
  }

  async #claim(model: string, stores: Stores): Promise<void> {
    const { models, events } = this.#modules;
    const lease = this.#leaseOf(model, stores);
    this.#dropIfLapsed(models.get(model));
    const hasClaim = await lease.claim();
    const held = models.get(model);
    if (hasClaim && held === undefined) await this.#take(model, lease, stores);
    if (hasClaim) return;
    models.forget(model);
    if (held === undefined) return;
    models.drop(held, false);
    events.claimLost(model);
  }

  async #take(model: string, lease: Lease, stores: Stores): Promise<void> {
    const { models, definitions, events } = this.#modules;
    const { epoch } = lease;
    if (epoch === undefined) return;
    const uniqueName = () => `${epoch}.${randomUUID()}`;
    const stream = predictionStream.name;
    const snapshots = new Snapshots({ model, epoch, stream, uniqueName }, stores);
    const loaded = await snapshots.load();
    if (loaded === "conflict") {
      events.claimLost(model);
      await lease.release();
      return;
    }
    if (loaded.problem !== undefined) events.snapshotUnusable(model, loaded.problem);
    const { graceMs } = this.#options;
    const segments = await this.#openSegments(model, uniqueName);
    await segments?.keepOnly(segmentsOf(loaded.saved?.state));
    const modules = { definitions, lease, snapshots, segments };
    models.take(await WatchedModel.restore({ model, graceMs }, loaded, modules));
    events.claimTaken(model, epoch, loaded.position?.seq ?? 0);
  }

  async #openSegments(model: string, uniqueName: () => string): Promise<SegmentFiles | undefined> {
    const { dataDir } = this.#options;
    if (dataDir === undefined) return undefined;
    const folder = join(dataDir, "monitor", "labels", encodeToken(model));
    const onProblem = (problem: unknown) =>
      this.#modules.events.segmentFailed(model, messageOf(problem));
    return await SegmentFiles.make({ folder, uniqueName, onProblem });
  }

  async #refreshAll(signal: AbortSignal): Promise<void> {
    for (const held of [...this.#modules.models.held]) {
      if (signal.aborted) return;
      for (const version of await held.refresh()) {
        this.#modules.events.baselineChanged(held.model, version);
      }
    }
  }

  async #saveAll(signal: AbortSignal): Promise<void> {
    for (const held of [...this.#modules.models.held]) {
      if (signal.aborted) return;
      await this.#save(held);
    }
  }

  async #save(held: WatchedModel): Promise<void> {
    const { models, events, onChange } = this.#modules;
    // It may have been let go while others were being saved, and its claim taken again.
    if (models.get(held.model) !== held || held.lease.epoch === undefined) return;
    try {
      if (await held.save()) return events.snapshotSaved(held.model);
    } catch (error) {
      return events.snapshotFailed(held.model, messageOf(error));
    }
    if (models.get(held.model) !== held) return;
    models.drop(held, false);
    events.claimLost(held.model);
    await held.lease.release();
    onChange();
  }

  /** A holder whose last sign of life is too old does not know whether it still is one. */
  #dropIfLapsed(held: WatchedModel | undefined): void {
    if (held === undefined || held.lease.epoch !== undefined) return;
    this.#modules.models.drop(held, true);
    this.#modules.events.claimLost(held.model);
  }

  async #finish(): Promise<void> {
    for (const held of [...this.#modules.models.held]) {
      await this.#save(held);
      await held.lease.release();
    }
  }

  #leaseOf(model: string, { keys }: Stores): Lease {
    const { holder, leaseMs } = this.#options;
    const key = `lease.${encodeToken(model)}`;
    const lease = this.#leases.get(model) ?? new Lease({ key, holder, leaseMs }, keys);
    this.#leases.set(model, lease);
    return lease;
  }

  #fail(error: unknown): void {
    const reason = messageOf(error);
    this.#modules.models.problem = `claims on models cannot be renewed: ${reason}`;
    if (!this.#isFailing) this.#modules.events.claimsFailed(reason);
    this.#isFailing = true;
  }
}
