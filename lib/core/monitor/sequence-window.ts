/** Sequences [from, to) that have not come. */
type Gap = { readonly from: number; readonly to: number };

export type SequenceWindowState = {
  readonly next: number;
  readonly gaps: readonly Gap[];
  readonly forgotten: number;
};

/**
 * Which sequences of one producer have come, counted from 1. Everything below the highest is either
 * in a gap or has come, so that a repeat is known whatever its age. Keeps at most `gapsMax` gaps:
 * of more, the oldest is given up, which takes its sequences for missing for good.
 */
export class SequenceWindow {
  readonly #gapsMax: number;
  #gaps: Gap[] = [];
  #next = 1;
  #forgotten = 0;

  constructor(gapsMax: number, state?: SequenceWindowState) {
    this.#gapsMax = gapsMax;
    if (state === undefined) return;
    this.#gaps = [...state.gaps];
    this.#next = state.next;
    this.#forgotten = state.forgotten;
  }

  /** How many sequences below the highest have not come. */
  get missing(): number {
    return this.#gaps.reduce((sum, { from, to }) => sum + to - from, this.#forgotten);
  }

  /** False for what has come before. */
  accept(seq: number): boolean {
    if (seq === this.#next) {
      this.#next += 1;
      return true;
    }
    if (seq < this.#next) return this.#fill(seq);
    this.#gaps.push({ from: this.#next, to: seq });
    this.#next = seq + 1;
    if (this.#gaps.length > this.#gapsMax) this.#forgetOldest();
    return true;
  }

  state(): SequenceWindowState {
    return { next: this.#next, gaps: [...this.#gaps], forgotten: this.#forgotten };
  }

  #fill(seq: number): boolean {
    const index = this.#gaps.findIndex(({ from, to }) => seq >= from && seq < to);
    const gap = this.#gaps[index];
    if (gap === undefined) return false;
    const before = { from: gap.from, to: seq };
    const after = { from: seq + 1, to: gap.to };
    this.#gaps.splice(index, 1, ...[before, after].filter(({ from, to }) => from < to));
    if (this.#gaps.length > this.#gapsMax) this.#forgetOldest();
    return true;
  }

  #forgetOldest(): void {
    const oldest = this.#gaps.shift();
    if (oldest !== undefined) this.#forgotten += oldest.to - oldest.from;
  }
}
