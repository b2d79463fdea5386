/** Shares are rounded to multiples of it. */
const unit = 2 ** -40;
/** A sum beyond it is carried; what is left has room for thousands more before it is not exact. */
const carry = 2 ** 52;

export type ShareSumState = { readonly carried: number; readonly units: number };

/**
 * A sum of shares, numbers from 0 to 1, in whole units of 2⁻⁴⁰: exact whatever their order and
 * number, at the price of an addition each.
 */
export class ShareSum {
  #carried: number;
  #units: number;

  constructor(state: ShareSumState = { carried: 0, units: 0 }) {
    this.#carried = state.carried;
    this.#units = state.units;
  }

  get value(): number {
    return this.#carried * carry * unit + this.#units * unit;
  }

  add(share: number): void {
    this.#addUnits(Math.round(share / unit));
  }

  merge({ carried, units }: ShareSumState): void {
    this.#carried += carried;
    this.#addUnits(units);
  }

  state(): ShareSumState {
    return { carried: this.#carried, units: this.#units };
  }

  #addUnits(units: number): void {
    this.#units += units;
    if (this.#units < carry) return;
    this.#units -= carry;
    this.#carried += 1;
  }
}
