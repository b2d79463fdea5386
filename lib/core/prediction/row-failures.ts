import { type Bitmap, emptyBitmap, isSet, setBit } from "../bitmap.ts";
import type { Failure } from "../failure.ts";

export type RowFailure = { readonly row: number; readonly failure: Failure };

/** Rows of a bulk item that have no prediction, and why. At most as many as the item has rows. */
export class RowFailures {
  readonly #failures: RowFailure[] = [];
  #bitmap: Bitmap = emptyBitmap(0);

  get size(): number {
    return this.#failures.length;
  }

  has(row: number): boolean {
    return isSet(this.#bitmap, row);
  }

  /** Of a row that failed before the first reason stays. */
  add(row: number, failure: Failure): void {
    if (this.has(row)) return;
    if (row >= this.#bitmap.length * 8) {
      const wider = emptyBitmap(2 * (row + 1));
      wider.set(this.#bitmap);
      this.#bitmap = wider;
    }
    setBit(this.#bitmap, row);
    this.#failures.push({ row, failure });
  }

  /** In the order of the rows. */
  inOrder(): readonly RowFailure[] {
    return this.#failures.sort((one, other) => one.row - other.row);
  }

  /** One bit for each of so many rows, set where the row failed; empty where none did. */
  bitmap(rows: number): Bitmap {
    if (this.size === 0) return emptyBitmap(0);
    const bitmap = emptyBitmap(rows);
    bitmap.set(this.#bitmap.subarray(0, bitmap.length));
    return bitmap;
  }
}
