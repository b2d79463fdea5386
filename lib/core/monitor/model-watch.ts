import { NewsDesk } from "../alert/news-desk.ts";
import type { Outbox } from "../alert/outbox.ts";
import type { RetrainSettings } from "../alert/retrain.ts";
import type { FeedbackBatch } from "../performance/performance-report.ts";
import { type PerformanceOptions, PerformanceWatch } from "../performance/performance-watch.ts";
import { eventProblem, producerEndProblem } from "./check-event.ts";
import type { ModelReport } from "./model-report.ts";
import type {
  ModelHistory,
  ModelHours,
  ModelState,
  Quarantined,
  SavedModel,
} from "./model-state.ts";
import { historyOf, hoursOf, savedVersions } from "./model-state.ts";
import { type Definition, referenceOf } from "./reference.ts";
import type { StreamMessage } from "./stream-message.ts";
import type { SavedVersion } from "./version-state.ts";
import { VersionWatch, type WatchOptions } from "./version-watch.ts";
import type { WindowReport } from "./window-report.ts";

export type ModelWatchOptions = WatchOptions & {
  readonly model: string;
  /** Absent: predictions are not compared with labels. */
  readonly performance?: PerformanceOptions;
  /** Absent: nobody is told that the model should be trained again. */
  readonly retrain?: RetrainSettings | undefined;
};

/** What became of a message. */
export type Applied = {
  readonly outcome: "counted" | "duplicate" | "quarantined";
  /** Windows that it closed or revised. */
  readonly windows: readonly VersionWindow[];
};

export type VersionWindow = { readonly version: number; readonly window: WindowReport };

// Beyond it the version that was silent longest is forgotten.
const versionsMax = 32;
const quarantineMax = 50;
const undefinedYet: Definition = { kind: "problem", problem: "it has no baseline.json" };

/**
 * The monitor's knowledge of one model, as a function of the messages applied. Time is that of the
 * stream: when the last applied message was stored. Applying the same messages always gives the
 * same state.
 */
export class ModelWatch {
  readonly model: string;
  readonly #desk: NewsDesk;
  readonly #options: WatchOptions;
  readonly #performance: PerformanceWatch | undefined;
  readonly #definitions = new Map<number, Definition>();
  /** Longest silent first. */
  readonly #versions = new Map<number, VersionWatch>();
  #timeMs = 0;
  #messagesPurged = 0;
  #quarantine: Quarantined[] = [];
  /** Rises with every window that closes or is revised. */
  #historyRevision = 0;

  /** `definitions` must hold every version of `saved`. */
  constructor(
    { model, performance, retrain, ...options }: ModelWatchOptions,
    definitions: ReadonlyMap<number, Definition> = new Map(),
    saved?: SavedModel,
  ) {
    this.model = model;
    this.#options = options;
    for (const [version, definition] of definitions) this.#definitions.set(version, definition);
    const calibrationOf = (version: number) =>
      referenceOf(this.#definitions.get(version))?.calibration;
    this.#performance =
      performance &&
      new PerformanceWatch({ ...performance, calibrationOf }, saved?.state.performance);
    this.#desk = new NewsDesk(retrain, saved?.state);
    if (saved === undefined) return;
    this.#timeMs = saved.state.timeMs;
    this.#messagesPurged = saved.state.messagesPurged;
    this.#quarantine = [...saved.state.quarantine];
    for (const each of savedVersions(saved)) {
      const { version } = each.state;
      this.#versions.set(version, this.#open(version, each));
    }
    this.#collectAlerts();
  }

  /** What has to be told. Who removes something from it has this watch saved. */
  get news(): Outbox {
    return this.#desk.outbox;
  }

  get historyRevision(): number {
    return this.#historyRevision;
  }

  get quarantine(): readonly Quarantined[] {
    return this.#quarantine;
  }

  /** Whether it is known what a version is compared with. */
  isDefined(version: number): boolean {
    return this.#definitions.has(version);
  }

  /** Says what a version is compared with from now on. */
  define(version: number, definition: Definition): void {
    this.#definitions.set(version, definition);
    this.#versions.get(version)?.redefine(definition);
    this.#performance?.recalibrate(version);
    this.#collectAlerts();
  }

  /** Takes a message into account. Messages come in stream order, each one once. */
  apply(message: StreamMessage): Applied {
    this.#timeMs = Math.max(this.#timeMs, message.timeMs);
    const closed = [...this.#versions.values()].flatMap((watch) =>
      watch.close(this.#timeMs).map((window) => ({ version: watch.version, window })),
    );
    this.#collectAlerts();
    this.#considerRetraining(closed);
    const { outcome, windows: revised } = this.#count(message);
    const windows = [...closed, ...revised];
    if (windows.length > 0) this.#historyRevision += 1;
    return { outcome, windows };
  }

  /** Takes labels into account. Messages come in stream order, each one once. */
  applyFeedback(batch: FeedbackBatch): void {
    this.#performance?.addFeedback(batch);
  }

  /** The feedback stream is another one. */
  restartFeedback(): void {
    this.#performance?.restartFeedback();
  }

  /** A message of the feedback stream cannot be used. */
  quarantineFeedback({ seq, timeMs }: { seq: number; timeMs: number }, problem: string): void {
    this.#addQuarantined({ version: 0, seq, timeMs, problem });
  }

  /** Messages of the stream went before they were read, some of them perhaps this model's. */
  purge(messages: number): void {
    this.#messagesPurged += messages;
  }

  /** Those heard of and those defined, in ascending order. */
  versions(): number[] {
    const versions = new Set([...this.#versions.keys(), ...this.#definitions.keys()]);
    return [...versions].sort((one, two) => one - two);
  }

  /** Undefined for a version that nothing has been heard of and that is not defined. */
  report(version: number): ModelReport | undefined {
    const watch = this.#versions.get(version) ?? this.#silent(version);
    if (watch === undefined) return undefined;
    return {
      model: this.model,
      version,
      digest: watch.digest,
      baselineProblem: watch.baselineProblem,
      baselineRows: watch.baselineRows,
      windowMs: this.#options.windowMs,
      closed: watch.history[0],
      open: watch.openWindow(),
      sliding: watch.sliding?.report,
      counters: watch.counters(this.#messagesPurged),
      monitorTimeMs: this.#timeMs,
      alerts: watch.alerts,
      changes: watch.changes.points,
      changeCounts: watch.changes.counts,
      retrain: this.#desk.retraining,
      performance: this.#performance?.report(version),
    };
  }

  /** Closed windows of a version, newest first. */
  windows(version: number): readonly WindowReport[] {
    return this.#versions.get(version)?.history ?? [];
  }

  state(): ModelState {
    return {
      format: 1,
      model: this.model,
      timeMs: this.#timeMs,
      messagesPurged: this.#messagesPurged,
      quarantine: [...this.#quarantine],
      versions: [...this.#versions.values()].map((watch) => watch.state()),
      ...this.#desk.state(),
      performance: this.#performance?.state(),
    };
  }

  history(): ModelHistory {
    return historyOf(this.#versions.values());
  }

  hours(): ModelHours {
    return hoursOf(this.#versions.values());
  }

  #collectAlerts(): void {
    for (const watch of this.#versions.values()) this.#desk.report(watch.takeAlertChanges());
  }

  #considerRetraining(closed: readonly VersionWindow[]): void {
    for (const version of new Set(closed.map((each) => each.version))) {
      const watch = this.#versions.get(version);
      if (watch === undefined) continue;
      this.#desk.consider(() => ({
        ...{ version, digest: watch.digest, alerts: watch.alerts, windows: watch.history },
        performance: this.#performance?.report(version),
      }));
    }
  }

  #count(message: StreamMessage): Applied {
    const { body, version } = message;
    const watch = this.#watch(version);
    if (body.kind === "malformed") return this.#putAside(message, watch, body.problem);
    if (body.kind === "producer-end") {
      const problem = producerEndProblem(body.end);
      if (problem !== undefined) return this.#putAside(message, watch, problem);
      watch.endProducer(body.end.producer, body.end.answered);
      return { outcome: "counted", windows: [] };
    }
    const problem = eventProblem(body.event, { model: this.model, version });
    if (problem !== undefined) return this.#putAside(message, watch, problem);
    const revised = watch.apply(body.event, { nowMs: this.#timeMs, seq: message.seq });
    if (revised === undefined) return { outcome: "duplicate", windows: [] };
    this.#desk.saw(version, body.event.digest, watch.changes.take());
    this.#performance?.addEvent(body.event, this.#timeMs);
    return { outcome: "counted", windows: revised.map((window) => ({ version, window })) };
  }

  #putAside(
    { version, seq, timeMs }: StreamMessage,
    watch: VersionWatch,
    problem: string,
  ): Applied {
    watch.quarantine();
    this.#addQuarantined({ version, seq, timeMs, problem });
    return { outcome: "quarantined", windows: [] };
  }

  #addQuarantined(entry: Quarantined): void {
    this.#quarantine = [...this.#quarantine, entry].slice(-quarantineMax);
  }

  #watch(version: number): VersionWatch {
    const watch = this.#versions.get(version) ?? this.#open(version);
    this.#versions.delete(version);
    this.#versions.set(version, watch);
    if (this.#versions.size > versionsMax) {
      const [oldest] = this.#versions.keys();
      if (oldest !== undefined) this.#forget(oldest);
    }
    return watch;
  }

  #forget(version: number): void {
    const watch = this.#versions.get(version);
    watch?.endAlerts();
    if (watch !== undefined) this.#desk.report(watch.takeAlertChanges());
    this.#versions.delete(version);
    this.#definitions.delete(version);
  }

  /** A version that is served and has not been asked yet. */
  #silent(version: number): VersionWatch | undefined {
    return this.#definitions.has(version) ? this.#open(version) : undefined;
  }

  #open(version: number, saved?: SavedVersion): VersionWatch {
    const definition = this.#definitions.get(version) ?? undefinedYet;
    return new VersionWatch(version, definition, this.#options, saved);
  }
}
