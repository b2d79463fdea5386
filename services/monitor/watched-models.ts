import { Failure } from "#core/failure.ts";
import type { ModelReport } from "#core/monitor/model-report.ts";
import type { ModelWatch } from "#core/monitor/model-watch.ts";
import type { WindowReport } from "#core/monitor/window-report.ts";
import type { WatchedModel } from "./watched-model.ts";

export type WindowListener = (report: ModelReport) => void;

const listenersMax = 64;

/**
 * The models this monitor watches, for those who read about them. One that it had to let go while
 * the bus was away can still be read about, as it was then.
 */
export class WatchedModels {
  readonly #held = new Map<string, WatchedModel>();
  /** What was known of models when the bus went away. */
  readonly #left = new Map<string, ModelWatch>();
  readonly #listeners = new Set<WindowListener>();
  /** Why reports may be missing or old; empty when nothing is wrong. */
  problem = "";

  get held(): Iterable<WatchedModel> {
    return this.#held.values();
  }

  get size(): number {
    return this.#held.size;
  }

  /** How many are told of windows. */
  get listeners(): number {
    return this.#listeners.size;
  }

  get(model: string): WatchedModel | undefined {
    return this.#held.get(model);
  }

  take(model: WatchedModel): void {
    this.#left.delete(model.model);
    this.#held.set(model.model, model);
  }

  /** Lets a model go. `isReadable` where nobody else can have it. */
  drop({ model, watch }: Pick<WatchedModel, "model" | "watch">, isReadable: boolean): void {
    this.#held.delete(model);
    if (isReadable) this.#left.set(model, watch);
  }

  /** Somebody else has it. */
  forget(model: string): void {
    this.#left.delete(model);
  }

  /** One for each version of each model, or of one model, by name and version. */
  reports(model?: string): ModelReport[] {
    return this.#watches()
      .filter((watch) => model === undefined || watch.model === model)
      .flatMap((watch) => watch.versions().flatMap((version) => watch.report(version) ?? []));
  }

  /**
   * Version 0 is the highest one heard of. Fails with not-found, or unavailable where nobody can
   * tell.
   */
  report(model: string, version: number): ModelReport {
    const watch = this.#watch(model);
    const wanted = version === 0 ? Math.max(0, ...watch.versions()) : version;
    const report = watch.report(wanted);
    if (report !== undefined) return report;
    throw new Failure("not-found", `nothing is known of version ${version} of model ${model}`);
  }

  /** Closed windows, newest first. Version 0 is the highest one heard of. */
  windows(model: string, version: number, limit: number): readonly WindowReport[] {
    const { version: found } = this.report(model, version);
    return this.#watch(model).windows(found).slice(0, limit);
  }

  /**
   * Calls `listener` when a window closes or is revised. Returns what ends it; at most 64 at a
   * time.
   */
  onWindow(listener: WindowListener): () => void {
    if (this.#listeners.size >= listenersMax) {
      throw new Failure("resource-exhausted", `${listenersMax} watch already, which is the limit`);
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells the listeners of a version whose windows have changed. */
  announce(watch: ModelWatch, version: number): void {
    if (this.#listeners.size === 0) return;
    const report = watch.report(version);
    if (report === undefined) return;
    for (const listener of this.#listeners) listener(report);
  }

  #watches(): ModelWatch[] {
    const held = [...this.#held.values()].map(({ watch }) => watch);
    return [...held, ...this.#left.values()].sort((one, two) => (one.model < two.model ? -1 : 1));
  }

  #watch(model: string): ModelWatch {
    const watch = this.#held.get(model)?.watch ?? this.#left.get(model);
    if (watch !== undefined) return watch;
    if (this.problem !== "") throw new Failure("unavailable", this.problem);
    throw new Failure("not-found", `this monitor does not watch a model ${model}`);
  }
}
