/**
 * How many different things have been seen, within 6.5 %, in 256 bytes (HyperLogLog, Flajolet and
 * others 2007): of the hashes that share their first eight bits, the most leading zeros of the rest
 * tell how many there were. Neither order nor repeats matter, and two can be merged.
 */
const registers = 256;
const indexBits = 8;
/** Bits of a hash that are left. */
const restBits = 24;

export const sketchError: number = 1.04 / Math.sqrt(registers);

export class DistinctSketch {
  readonly #registers: Uint8Array;

  constructor(state: Uint8Array = new Uint8Array(registers)) {
    this.#registers = Uint8Array.from(state.subarray(0, registers));
  }

  /** Takes in something by its hash of 32 bits. */
  add(hash: number): void {
    const index = hash >>> restBits;
    const rest = hash << indexBits;
    const rank = Math.min(restBits, Math.clz32(rest)) + 1;
    if (rank > (this.#registers[index] ?? 0)) this.#registers[index] = rank;
  }

  merge(state: Uint8Array): void {
    for (let index = 0; index < registers; index += 1) {
      const rank = Math.min(restBits + 1, state[index] ?? 0);
      if (rank > (this.#registers[index] ?? 0)) this.#registers[index] = rank;
    }
  }

  /** The estimator of Ertl (2017), which is as good for few as for many. */
  estimate(): number {
    const ranks = new Float64Array(restBits + 2);
    for (const rank of this.#registers) ranks[rank] = (ranks[rank] ?? 0) + 1;
    let sum = registers * tau(1 - (ranks[restBits + 1] ?? 0) / registers);
    for (let rank = restBits; rank >= 1; rank -= 1) sum = (sum + (ranks[rank] ?? 0)) / 2;
    sum += registers * sigma((ranks[0] ?? 0) / registers);
    return (registers * registers) / (2 * Math.LN2 * sum);
  }

  state(): Uint8Array {
    return this.#registers.slice();
  }
}

function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY;
  let [power, weight, sum] = [share, 1, share];
  for (;;) {
    power *= power;
    const next = sum + power * weight;
    if (next === sum) return sum;
    sum = next;
    weight += weight;
  }
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let [root, weight, sum] = [share, 1, 1 - share];
  for (;;) {
    root = Math.sqrt(root);
    weight /= 2;
    const next = sum - (1 - root) ** 2 * weight;
    if (next === sum) return sum / 3;
    sum = next;
  }
}
