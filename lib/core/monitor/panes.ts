import { Pane, type PaneState } from "./pane.ts";
import type { Reference } from "./reference.ts";

export type PanesOptions = {
  readonly windowMs: number;
  /** How long after a window's end its rows may still come. */
  readonly graceMs: number;
  /** How many closed windows can still be revised. */
  readonly revisableMax: number;
  readonly slotsMax: number;
  /** Told of a closed window that cannot be revised any more, oldest first. */
  readonly onSettled?: (pane: Pane) => void;
};

export type PanesState = {
  readonly open: readonly PaneState[];
  readonly closed: readonly PaneState[];
};

/** Where a row belongs: a pane, open or closed, or none where its window is forgotten. */
export type Placement = { readonly pane: Pane | undefined; readonly isLate: boolean };

/**
 * The tumbling windows of one model version. Time is given by the caller and never falls; a window
 * closes when time passes its end plus the grace. Event times are not later than time, and so the
 * number of open windows is bounded by grace and window.
 */
export class Panes {
  readonly #options: PanesOptions;
  readonly #reference: Reference | undefined;
  readonly #open = new Map<number, Pane>();
  #closed: Pane[] = [];
  /** Those open and those closed: every row is looked for in each. */
  #kept: readonly Pane[] = [];

  constructor(options: PanesOptions, reference: Reference | undefined, state?: PanesState) {
    this.#options = options;
    this.#reference = reference;
    for (const pane of state?.open ?? []) this.#open.set(pane.startMs, this.#make(pane));
    this.#closed = (state?.closed ?? []).map((pane) => this.#make(pane));
    this.#keep();
  }

  /** The open one with the latest start. */
  get latest(): Pane | undefined {
    return this.#open.get(Math.max(...this.#open.keys()));
  }

  /** Those that can still be revised, oldest first. */
  get closed(): readonly Pane[] {
    return this.#closed;
  }

  /** Closes what has become due at `nowMs`, oldest first. */
  close(nowMs: number): Pane[] {
    const due = [...this.#open.values()]
      .filter(({ startMs }) => this.#isOver(startMs, nowMs))
      .sort((one, two) => one.startMs - two.startMs);
    for (const pane of due) this.#open.delete(pane.startMs);
    if (due.length === 0) return due;
    const { revisableMax, onSettled } = this.#options;
    const closed = [...this.#closed, ...due];
    this.#closed = closed.slice(-revisableMax);
    this.#keep();
    if (onSettled !== undefined) closed.slice(0, -revisableMax).forEach(onSettled);
    return due;
  }

  /** Finds or opens the pane of a row that happened at `timeMs`, not later than `nowMs`. */
  place(timeMs: number, nowMs: number): Placement {
    const startMs = this.#startOf(timeMs);
    const open = this.#open.get(startMs);
    if (open !== undefined) return { pane: open, isLate: false };
    if (this.#isOver(startMs, nowMs)) {
      const pane = this.#closed.find((closed) => closed.startMs === startMs);
      return { pane, isLate: true };
    }
    const pane = new Pane({
      startMs,
      reference: this.#reference,
      slotsMax: this.#options.slotsMax,
    });
    this.#open.set(startMs, pane);
    this.#keep();
    return { pane, isLate: false };
  }

  /** Whether a row that happened at `timeMs` belongs into this pane. */
  isWithin({ startMs }: Pane, timeMs: number): boolean {
    return startMs === this.#startOf(timeMs);
  }

  /** Whether another pane that is kept has counted this row. */
  isCountedElsewhere(pane: Pane, low: number, high: number): boolean {
    const kept = this.#kept;
    for (let place = 0; place < kept.length; place += 1) {
      const other = kept[place] as Pane;
      if (other !== pane && other.remembered.has(low, high)) return true;
    }
    return false;
  }

  state(): PanesState {
    return {
      open: [...this.#open.values()].map((pane) => pane.state()),
      closed: this.#closed.map((pane) => pane.state()),
    };
  }

  #startOf(timeMs: number): number {
    const { windowMs } = this.#options;
    return Math.floor(timeMs / windowMs) * windowMs;
  }

  #keep(): void {
    this.#kept = [...this.#open.values(), ...this.#closed];
  }

  #isOver(startMs: number, nowMs: number): boolean {
    return startMs + this.#options.windowMs + this.#options.graceMs <= nowMs;
  }

  #make(state: PaneState): Pane {
    const { startMs } = state;
    const { slotsMax } = this.#options;
    return new Pane({ startMs, reference: this.#reference, slotsMax }, state);
  }
}
