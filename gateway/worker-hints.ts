/**
 * Learns of workers from the bucket they write hints into, and keeps this gateway's routes file
 * up to date, so that it can start again without the bucket. Hints tell where to dial; whether
 * somebody is there, and ready, the link tells.
 */
import * as v from "valibot";
import { messageOf } from "#core/failure.ts";
import { decodeToken, isModelName } from "#core/model/name.ts";
import { Hints } from "#core/routing/hints.ts";
import type { Bus, KeyValueChange } from "#platform/bus/bus.ts";
import { workersBucket } from "#platform/bus/streams.ts";
import { monotonicMs, sleep } from "#platform/clock.ts";
import { loop } from "#platform/loop.ts";
import { type RouteWorker, workerFields, writeRoutes } from "#platform/routes-file.ts";
import type { GatewayEvents } from "./events.ts";
import type { Links } from "./links.ts";

const everyMs = 1_000;
const versionMax = 2 ** 31 - 1;

/** Further keys are those of later versions. */
const hintForm = v.object({
  ...workerFields,
  model: v.pipe(v.string(), v.check(isModelName)),
  version: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(versionMax)),
});

export type WorkerHintsOptions = {
  /** Undefined: what is learned is not kept. */
  readonly routesPath: string | undefined;
  /** Those of the routes file. What it had not learned is dialled whatever the hints say. */
  readonly workers: readonly RouteWorker[];
};

export class WorkerHints {
  readonly #routesPath: string | undefined;
  readonly #fixed: ReadonlySet<string>;
  readonly #bus: Bus;
  readonly #links: Links;
  readonly #events: GatewayEvents;
  readonly #hints = new Hints();
  #isConnected = false;
  #isChanged = false;

  constructor(
    options: WorkerHintsOptions,
    modules: { readonly bus: Bus; readonly links: Links; readonly events: GatewayEvents },
  ) {
    const { routesPath, workers } = options;
    this.#routesPath = routesPath;
    const learned = workers.filter((worker) => worker.learned === true);
    const fixed = workers.filter((worker) => !learned.includes(worker));
    this.#fixed = new Set(fixed.map((worker) => worker.instance));
    for (const { instance } of learned) this.#hints.seen(instance, true, monotonicMs());
    this.#bus = modules.bus;
    this.#links = modules.links;
    this.#events = modules.events;
  }

  /** Watches until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const onError = (error: unknown) =>
      this.#events.trouble("cannot keep the routes file", messageOf(error));
    await Promise.all([
      this.#watch(signal),
      loop({ everyMs, signal, onError }, () => this.#tidy()),
    ]);
  }

  async #watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const store = await this.#bus.store(workersBucket);
        for await (const change of store.watch({ signal })) this.#take(change);
      } catch (error) {
        if (this.#bus.isConnected) this.#events.trouble("cannot read hints", messageOf(error));
      }
      await sleep(everyMs, signal);
    }
  }

  #take({ key, value, isInitial }: KeyValueChange): void {
    const instance = decodeToken(key);
    if (value === undefined) {
      this.#hints.gone(instance);
      this.#forget(instance);
      return;
    }
    const hint = v.safeParse(hintForm, parseJson(value));
    if (!hint.success || hint.output.instance !== instance) return;
    const { address, metrics, model, version } = hint.output;
    this.#hints.seen(instance, isInitial, monotonicMs());
    const before = this.#links.find(instance);
    const learned = !this.#fixed.has(instance);
    this.#links.add({ model, version }, { instance, address, metrics, learned });
    if (this.#links.find(instance) !== before) this.#isChanged = true;
  }

  async #tidy(): Promise<void> {
    const nowMs = monotonicMs();
    if (this.#isConnected !== this.#bus.isConnected) {
      this.#isConnected = this.#bus.isConnected;
      this.#hints.setConnected(this.#isConnected, nowMs);
    }
    for (const instance of this.#hints.takeStale(nowMs)) this.#forget(instance);
    if (!this.#isChanged || this.#routesPath === undefined) return;
    this.#isChanged = false;
    await writeRoutes(this.#routesPath, this.#links.routes());
  }

  /** A worker with a live link is there, whatever the hints say. */
  #forget(instance: string): void {
    const link = this.#links.find(instance);
    if (link === undefined || this.#fixed.has(instance)) return;
    if (link.isUp) {
      this.#hints.seen(instance, false, monotonicMs());
      return;
    }
    this.#links.remove(instance);
    this.#isChanged = true;
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
