/**
 * Joins labels to predicted rows. Predictions and labels come by two streams, each in its own order
 * and mixed in any way; the outcome is to depend on neither the mixture nor a restart.
 *
 * 1. Whether a label is in time is decided by when its stream stored it and when its row was
 *    predicted, never by when either was read: at most `horizonMs` after the row, at most `earlyMs`
 *    before it.
 * 2. Rows stay in the index for `slackMs` beyond the horizon, and labels without a row wait as much
 *    beyond their time, so that one stream may be read that far behind the other.
 * 3. Of several labels for a row the last counts; an earlier one that was counted is taken back.
 * 4. State is saved together with the positions of both streams, index and all, so that after a
 *    restart exactly what is not in it is read again.
 *
 * Bounds: where the index is full its oldest rows go, where the table of waiting labels is full a
 * label is not kept. Both are counted, and from then on the mixture may matter. It may matter, too,
 * for whether a late label whose id tells no time is called expired or unknown.
 */
import { assert } from "../assert.ts";
import type { RowKey } from "./key-table.ts";
import type { PredictedRow, PredictionIndex } from "./prediction-index.ts";
import { type Label, WaitingLabels, type WaitingLabelsState } from "./waiting-labels.ts";

export type LabelJoinOptions = {
  readonly horizonMs: number;
  readonly earlyMs: number;
  /** At most half the horizon. */
  readonly slackMs: number;
  readonly waitingMax: number;
};

/** Every label that was taken is one of these, or waits. */
export type LabelCounts = {
  readonly matched: number;
  /** Another label for a row that has one. */
  readonly revised: number;
  /** Not after the one its row has, or waiting already: it had no effect. */
  readonly repeated: number;
  /** Its row was left out by sampling. */
  readonly unsampled: number;
  /** More than the horizon after its row. */
  readonly expired: number;
  /** No such row came; or it is no longer known, and its id does not tell its time. */
  readonly unknown: number;
  /** There was no room to wait. */
  readonly overflowed: number;
};

export type LabelJoinState = {
  readonly counts: LabelCounts;
  readonly rowsDropped: number;
  readonly waiting: WaitingLabelsState;
};

/** A row counts with this label from now on; with `replaced` it no longer does. */
export type Correction = {
  readonly row: PredictedRow;
  readonly label: number;
  readonly replaced: number | undefined;
  /** From row to label; negative where the label was first. */
  readonly lagMs: number;
};

const nothing: readonly Correction[] = [];

const noCounts: LabelCounts = {
  matched: 0,
  revised: 0,
  repeated: 0,
  unsampled: 0,
  expired: 0,
  unknown: 0,
  overflowed: 0,
};

export class LabelJoin {
  readonly #options: LabelJoinOptions;
  readonly #index: PredictionIndex;
  readonly #waiting: WaitingLabels;
  #counts: Record<keyof LabelCounts, number>;
  /** Rows that went before their time, because the index was full. */
  #rowsDropped: number;

  constructor(options: LabelJoinOptions, index: PredictionIndex, state?: LabelJoinState) {
    assert(options.slackMs * 2 <= options.horizonMs, "slack: at most half the horizon");
    this.#options = options;
    this.#index = index;
    this.#waiting = new WaitingLabels(options.waitingMax, state?.waiting);
    this.#counts = { ...noCounts, ...state?.counts };
    this.#rowsDropped = state?.rowsDropped ?? 0;
  }

  get counts(): LabelCounts & { readonly waiting: number; readonly rowsDropped: number } {
    return { ...this.#counts, waiting: this.#waiting.size, rowsDropped: this.#rowsDropped };
  }

  /** Takes a row under its keys; what labels that waited for it make of it. */
  addRow(row: PredictedRow, keys: readonly RowKey[]): readonly Correction[] {
    this.#rowsDropped += this.#index.put(row, keys);
    // Asked for every row, where mostly nothing waits.
    if (this.#waiting.size === 0) return nothing;
    return keys
      .flatMap((key) => this.#waiting.take(key))
      .sort((one, two) => one.seq - two.seq)
      .flatMap((label) => this.#match(label) ?? []);
  }

  /**
   * Takes a label. `isIncluded` is false where sampling has left its row out, and undefined where
   * that cannot be told yet.
   */
  addLabel(label: Label, isIncluded: boolean | undefined): Correction | undefined {
    if (this.#index.has(label.key)) return this.#match(label);
    const { horizonMs, slackMs } = this.#options;
    if (isIncluded === false) this.#counts.unsampled += 1;
    else if (ageOf(label) > horizonMs + slackMs) this.#counts.expired += 1;
    else {
      const outcome = this.#waiting.put(label);
      if (outcome === "full") this.#counts.overflowed += 1;
      if (outcome === "repeated") this.#counts.repeated += 1;
    }
    return undefined;
  }

  /**
   * Takes a label that brings its row along. A row that was not known, which sampling has left out
   * or which is still to be read, is told to `onRow` and known from now on.
   */
  addWhole(label: Label, row: PredictedRow, onRow: () => void): Correction[] {
    const { key } = label;
    if (this.#index.has(key)) return [this.#match(label)].filter((one) => one !== undefined);
    if (label.atMs - row.timeMs > this.#options.horizonMs) {
      this.#counts.expired += 1;
      return [];
    }
    onRow();
    const before = this.addRow(row, [key]);
    return [...before, this.#match(label)].filter((one) => one !== undefined);
  }

  /**
   * Lets go of rows and labels whose time is over. Time is that of the prediction stream.
   * `wasSampled` says whether rows were left out around the time of a prediction.
   */
  advance(nowMs: number, wasSampled: (label: Label) => boolean = () => false): void {
    const { horizonMs, earlyMs, slackMs } = this.#options;
    this.#index.dropBefore(nowMs - horizonMs - slackMs);
    for (const label of this.#waiting.takeBefore(nowMs - earlyMs - slackMs)) {
      if (ageOf(label) > horizonMs) this.#counts.expired += 1;
      else this.#counts[wasSampled(label) ? "unsampled" : "unknown"] += 1;
    }
  }

  /** Without the index, whose owner saves it beside this. */
  state(): LabelJoinState {
    return {
      counts: { ...this.#counts },
      rowsDropped: this.#rowsDropped,
      waiting: this.#waiting.state(),
    };
  }

  #match(label: Label): Correction | undefined {
    const row = this.#index.find(label.key);
    if (row === undefined) return undefined;
    const lagMs = label.atMs - row.timeMs;
    if (lagMs > this.#options.horizonMs) this.#counts.expired += 1;
    else if (-lagMs > this.#options.earlyMs) this.#counts.unknown += 1;
    else if (row.labelSeq >= label.seq) this.#counts.repeated += 1;
    else {
      const isFirst = row.labelSeq === 0;
      this.#counts[isFirst ? "matched" : "revised"] += 1;
      this.#index.setLabel(label.key, label);
      return { row, label: label.value, replaced: isFirst ? undefined : row.label, lagMs };
    }
    return undefined;
  }
}

/** How long after its row it came, as far as the id tells. */
function ageOf({ atMs, predictedMs }: Label): number {
  return predictedMs === undefined ? 0 : atMs - predictedMs;
}
