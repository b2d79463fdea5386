import type { AlertChange } from "./alert.ts";

export type AlertOutboxState = {
  /** Oldest first. */
  readonly changes: readonly AlertChange[];
  /** How many were given up, the oldest first, because too many waited. */
  readonly dropped: number;
};

/**
 * Changes of alerts that have to be told, until they are: part of what is saved, so that who goes
 * on from there tells what was not told. At most `max` wait.
 */
export class AlertOutbox {
  readonly #max: number;
  #changes: AlertChange[];
  #dropped: number;

  constructor(max: number, state: AlertOutboxState = { changes: [], dropped: 0 }) {
    this.#max = max;
    this.#changes = [...state.changes];
    this.#dropped = state.dropped;
  }

  /** Oldest first. */
  get waiting(): readonly AlertChange[] {
    return this.#changes;
  }

  add(changes: readonly AlertChange[]): void {
    if (changes.length === 0) return;
    const all = [...this.#changes, ...changes];
    const surplus = Math.max(0, all.length - this.#max);
    this.#changes = all.slice(surplus);
    this.#dropped += surplus;
  }

  /** It has been told. */
  remove(change: AlertChange): void {
    this.#changes = this.#changes.filter((each) => each !== change);
  }

  state(): AlertOutboxState {
    return { changes: this.#changes, dropped: this.#dropped };
  }
}
