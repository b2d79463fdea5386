/**
 * Learns of workers from the bucket they write hints into, and keeps this gateway's routes file
 * up to date, so that it can start again without the bucket. Hints tell where to dial; whether
 * somebody is there, and ready, the link tells.
 */
import { z } from "zod";
import { messageOf } from "#core/failure.ts";
import { decodeToken, isModelName } from "#core/model/name.ts";
import { Hints } from "#core/routing/hints.ts";
import type { Bus, KeyValueChange } from "#platform/bus/bus.ts";
import { monotonicMs, sleep } from "#platform/clock.ts";
import { loop } from "#platform/loop.ts";
import { writeRoutes } from "#platform/routes-file.ts";
import type { GatewayEvents } from "./events.ts";
import type { Links } from "./links.ts";

const bucket = "sluice_workers";
const everyMs = 1_000;
const versionMax = 2 ** 31 - 1;

/** Further keys are those of later versions. */
const hintForm = z.object({
  instance: z.string().min(1),
  address: z.string().regex(/^unix:\/.+|^.+:[0-9]+$/),
  metrics: z.string(),
  model: z.string().refine(isModelName),
  version: z.int().min(1).max(versionMax),
});

export type WorkerHintsOptions = {
  /** Undefined: what is learned is not kept. */
  readonly routesPath: string | undefined;
  /** Workers that are dialled whatever the hints say. */
  readonly instancesFixed: ReadonlySet<string>;
};

export class WorkerHints {
  readonly #options: WorkerHintsOptions;
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
    this.#options = options;
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
        const store = await this.#bus.store(bucket);
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
    const hint = hintForm.safeParse(parseJson(value));
    if (!hint.success || hint.data.instance !== instance) return;
    const { address, metrics, model, version } = hint.data;
    this.#hints.seen(instance, isInitial, monotonicMs());
    const before = this.#links.find(instance);
    this.#links.add({ model, version }, { instance, address, metrics });
    if (this.#links.find(instance) !== before) this.#isChanged = true;
  }

  async #tidy(): Promise<void> {
    const nowMs = monotonicMs();
    if (this.#isConnected !== this.#bus.isConnected) {
      this.#isConnected = this.#bus.isConnected;
      this.#hints.setConnected(this.#isConnected, nowMs);
    }
    for (const instance of this.#hints.takeStale(nowMs)) this.#forget(instance);
    if (!this.#isChanged || this.#options.routesPath === undefined) return;
    this.#isChanged = false;
    await writeRoutes(this.#options.routesPath, this.#links.routes());
  }

  /** A worker with a live link is there, whatever the hints say. */
  #forget(instance: string): void {
    const link = this.#links.find(instance);
    if (link === undefined || this.#options.instancesFixed.has(instance)) return;
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
