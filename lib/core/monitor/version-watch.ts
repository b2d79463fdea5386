// What the monitor knows of one model version. Applying a message: its producer's window says
// whether it is new; every row is placed into a pane, or counted apart; then every column is
// counted in the panes that got rows.
import type { Alert, AlertChange } from "../alert/alert.ts";
import { type Signal, signals } from "../detect/change-point.ts";
import type { PredictionEvent } from "../prediction/event.ts";
import { quote } from "../quote.ts";
import { countAbsent } from "./absent-columns.ts";
import { ChangeWatch } from "./change-watch.ts";
import { ClosedWindows, type JudgeOptions } from "./closed-windows.ts";
import { type Counters, type Counts, noCounts } from "./counters.ts";
import type { HourArchive } from "./hour-archive.ts";
import { liveColumn } from "./live-column.ts";
import type { Pane } from "./pane.ts";
import { Panes, type PanesState } from "./panes.ts";
import { type PlacedRows, placeRows } from "./place-rows.ts";
import { Producers } from "./producers.ts";
import type { Definition, Reference } from "./reference.ts";
import type { SlidingWindow } from "./sliding-window.ts";
import type { SavedVersion, VersionState } from "./version-state.ts";
import type { WindowReport } from "./window-report.ts";

export type WatchOptions = JudgeOptions & {
  readonly graceMs: number;
  /** What is watched for changes of its level; absent: all of it. */
  readonly changes?: readonly Signal[];
};

/** When a message was stored, and its sequence in the stream. */
export type Moment = { readonly nowMs: number; readonly seq: number };

// The newest closed windows, which late rows revise. Those of a clock a minute behind come within
// two.
const revisableMax = 2;
// 8 MiB a pane and 520 000 rows; beyond it a retried row may be counted twice.
const slotsMax = 2 ** 20;
const producersMax = 1024;
const gapsMax = 256;

export class VersionWatch {
  readonly version: number;
  readonly changes: ChangeWatch;
  #options: WatchOptions;
  #reference: Reference | undefined;
  #definitionProblem: string;
  #digest = "";
  #problem = "";
  #panes: Panes;
  readonly #producers: Producers;
  readonly #counts: Counts = { ...noCounts };
  readonly #windows: ClosedWindows;

  constructor(
    version: number,
    definition: Definition,
    options: WatchOptions,
    saved?: SavedVersion,
  ) {
    this.version = version;
    this.#options = options;
    this.#reference = definition.kind === "reference" ? definition.reference : undefined;
    this.#definitionProblem = definition.kind === "problem" ? definition.problem : "";
    const isSame = saved?.state.made === madeFor(this.#reference, options);
    this.#panes = this.#makePanes(isSame ? saved?.state.panes : undefined);
    this.#windows = new ClosedWindows(version, options, this.#judged, saved && windowsOf(saved));
    this.#producers = new Producers({ producersMax, gapsMax }, saved?.state.producers);
    this.changes = new ChangeWatch(options.changes ?? signals, saved?.state.changes);
    if (saved === undefined) return;
    if (!isSame) this.#windows.alerts.reset("baseline");
    this.#digest = saved.state.digest;
    this.#problem = saved.state.problem;
    Object.assign(this.#counts, saved.state.counts);
    this.#windows.resume(this.#now);
  }

  /** Of the model file that the latest message speaks of; empty before the first. */
  get digest(): string {
    return this.#digest;
  }

  get baselineRows(): number {
    return this.#reference?.rows ?? 0;
  }

  /** Why drift cannot be computed, or not of every feature; empty when it can. */
  get baselineProblem(): string {
    return this.#definitionProblem !== "" ? this.#definitionProblem : this.#problem;
  }

  /** Closed windows, newest first. */
  get history(): readonly WindowReport[] {
    return this.#windows.history.newestFirst;
  }

  /** Those that are not calm. */
  get alerts(): readonly Alert[] {
    return this.#windows.alerts.alerts;
  }

  /** Undefined where no hours are kept. */
  get archive(): HourArchive | undefined {
    return this.#windows.archive;
  }

  /** Undefined where the model wants none, or has no baseline. */
  get sliding(): SlidingWindow | undefined {
    return this.#windows.sliding;
  }

  /** What has changed of alerts since this was last asked, oldest first. */
  takeAlertChanges(): readonly AlertChange[] {
    return this.#windows.alerts.takeChanges();
  }

  /** Ends them, because nobody looks at this version any more. */
  endAlerts(): void {
    this.#windows.alerts.reset("silence");
  }

  /** Takes another reference. What open windows have counted by a different one is dropped. */
  redefine(definition: Definition): void {
    const reference = definition.kind === "reference" ? definition.reference : undefined;
    this.#definitionProblem = definition.kind === "problem" ? definition.problem : "";
    if (reference?.fingerprint === this.#reference?.fingerprint) return;
    this.#reference = reference;
    this.#panes = this.#makePanes(undefined);
    this.#windows.redefine(this.#judged);
  }

  /** Closes the windows that have become due and returns their reports, oldest first. */
  close(nowMs: number): WindowReport[] {
    const due = this.#panes.close(nowMs);
    return this.#windows.close(due, { ...this.#now, nowMs });
  }

  /**
   * Counts a message, once the windows have been closed that were due. Returns undefined
   * where it has been counted before, else the reports of closed windows that it revised.
   */
  apply(event: PredictionEvent, { nowMs, seq }: Moment): WindowReport[] | undefined {
    if (!this.#producers.accept(event)) {
      this.#counts.messagesDuplicate += 1;
      return undefined;
    }
    this.#counts.messages += 1;
    this.#counts.rowsIncluded += event.rowsIncluded;
    this.#counts.rowsSampledOut += event.rowsCovered - event.rowsIncluded;
    this.#counts.rowsFailed += event.rowsFailed;
    this.#digest = event.digest;
    const placed = placeRows(event, { panes: this.#panes, counts: this.#counts, nowMs });
    for (const { pane } of placed) pane.addMessage(seq);
    this.#countColumns(event, placed);
    this.changes.apply(event, placed, { nowMs, seq });
    return this.#revise(placed.filter(({ isLate }) => isLate));
  }

  endProducer(producer: string, answered: number): void {
    this.#producers.end(producer, answered);
  }

  quarantine(): void {
    this.#counts.messagesQuarantined += 1;
  }

  /** The open window as it stands; undefined where none is open. */
  openWindow(): WindowReport | undefined {
    const pane = this.#panes.latest;
    return pane === undefined ? undefined : this.#windows.report(pane, this.#now, true);
  }

  counters(messagesPurged: number): Counters {
    return { ...this.#counts, ...this.#producers.totals(), messagesPurged };
  }

  state(): VersionState {
    return {
      version: this.version,
      digest: this.#digest,
      problem: this.#problem,
      made: madeFor(this.#reference, this.#options),
      panes: this.#panes.state(),
      producers: this.#producers.state(),
      counts: { ...this.#counts },
      alerts: this.#windows.alerts.alerts,
      hour: this.archive?.state().current,
      changes: this.changes.state(),
    };
  }

  #countColumns(event: PredictionEvent, placed: readonly PlacedRows[]): void {
    const reference = this.#reference;
    if (reference === undefined) return;
    // An event without rows has nothing to say about columns.
    if (event.rowsIncluded === 0) return;
    this.#problem = digestProblem(reference, event);
    if (this.#problem !== "") return;
    let features = 0;
    for (const column of event.columns) {
      const live = liveColumn(column, reference);
      if (live === undefined) continue;
      if (live.kind === "feature") features += 1;
      // The first one says it.
      if (live.values.type === "error" && this.#problem === "") this.#problem = live.values.problem;
      for (const { pane, rows } of placed) pane.add(live, rows);
    }
    if (features < reference.features.length) countAbsent(event, reference, placed);
  }

  #revise(late: readonly PlacedRows[]): WindowReport[] {
    for (const { pane } of late) pane.isRevised = true;
    const panes = late.map(({ pane }) => pane);
    return this.#windows.revise(panes, this.#now);
  }

  get #judged() {
    return { reference: this.#reference, cells: cellsOf(this.#reference) };
  }

  get #now() {
    return { closed: this.#panes.closed, digest: this.#digest };
  }

  #makePanes(state: PanesState | undefined): Panes {
    const { windowMs, graceMs } = this.#options;
    const onSettled = (pane: Pane) => this.#windows.settle(pane);
    const bounds = { windowMs, graceMs, revisableMax, slotsMax, onSettled };
    return new Panes(bounds, this.#reference, state);
  }
}

function windowsOf({ state, history, sliding, pastHours }: SavedVersion) {
  const hours = { past: pastHours, current: state.hour };
  return { alerts: state.alerts, history, sliding, hours };
}

function madeFor(reference: Reference | undefined, { windowMs }: WatchOptions): string {
  return `${windowMs} ${cellsOf(reference)}`;
}

/** Cells, and how they are cut: what was counted in others cannot be gone on with. */
function cellsOf(reference: Reference | undefined): string {
  return `range ${reference?.fingerprint ?? ""}`;
}

function digestProblem({ digest }: Reference, event: PredictionEvent): string {
  return digest === event.digest
    ? ""
    : `baseline.json was made with another model file: its digest is ${quote(digest)}, ` +
        `the served model's ${quote(event.digest)}`;
}
