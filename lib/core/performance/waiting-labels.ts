import type { RowKey } from "./key-table.ts";

/** A label, as the feedback stream has it. */
export type Label = {
  readonly key: RowKey;
  /** Its sequence in the feedback stream, from 1. Labels come in this order. */
  readonly seq: number;
  /** When that stream stored it. */
  readonly atMs: number;
  /** The code of a class, or a number. */
  readonly value: number;
  /** When the prediction was made, where the id of the row tells (UUIDv7). */
  readonly predictedMs: number | undefined;
};

/** Labels whose rows have not come, oldest first. Plain data. */
export type WaitingLabelsState = readonly Label[];

/** A bounded table of labels by key; of one key there may be several. */
export class WaitingLabels {
  readonly #labelsMax: number;
  /** By sequence, lowest first. */
  readonly #labels = new Map<number, Label>();
  readonly #sequences = new Map<string, number[]>();

  constructor(labelsMax: number, state: WaitingLabelsState = []) {
    this.#labelsMax = labelsMax;
    for (const label of state) this.put(label);
  }

  get size(): number {
    return this.#labels.size;
  }

  put(label: Label): "waits" | "repeated" | "full" {
    if (this.#labels.has(label.seq)) return "repeated";
    if (this.#labels.size >= this.#labelsMax) return "full";
    this.#labels.set(label.seq, label);
    const name = nameOf(label.key);
    const others = this.#sequences.get(name);
    if (others === undefined) this.#sequences.set(name, [label.seq]);
    else others.push(label.seq);
    return "waits";
  }

  /** Takes out all labels of a row, lowest sequence first. */
  take(key: RowKey): Label[] {
    const name = nameOf(key);
    const sequences = this.#sequences.get(name) ?? [];
    const labels = sequences.flatMap((seq) => this.#labels.get(seq) ?? []);
    for (const seq of sequences) this.#labels.delete(seq);
    this.#sequences.delete(name);
    return labels;
  }

  /** Takes out labels stored before. */
  takeBefore(atMs: number): Label[] {
    const taken: Label[] = [];
    for (const label of this.#labels.values()) {
      if (label.atMs >= atMs) break;
      taken.push(label);
    }
    for (const { seq, key } of taken) {
      this.#labels.delete(seq);
      const name = nameOf(key);
      const rest = (this.#sequences.get(name) ?? []).filter((other) => other !== seq);
      if (rest.length === 0) this.#sequences.delete(name);
      else this.#sequences.set(name, rest);
    }
    return taken;
  }

  state(): WaitingLabelsState {
    return [...this.#labels.values()];
  }
}

function nameOf({ low, high }: RowKey): string {
  return `${low >>> 0}.${high >>> 0}`;
}
