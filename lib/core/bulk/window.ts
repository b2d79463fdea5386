/**
 * The items of a bulk stream that have come and have not been answered.
 *
 * A client numbers its items in ascending order and leaves out those it has answers for from before
 * the stream broke. So whatever is below the first unanswered item, or below the next number where
 * there is none, has been answered; that is the position a resume token tells.
 */
import { assert } from "../assert.ts";
import { Failure } from "../failure.ts";

export type BulkWindowOptions = {
  readonly itemsMax: number;
  /** Of encoded items. One alone may have any size. */
  readonly bytesMax: number;
  /** Answers go in the order of the items; else as they come. */
  readonly isOrdered: boolean;
  /** Items below this number were answered before. */
  readonly answeredBelow: number;
};

type Outstanding = { readonly bytes: number; isReady: boolean };

export class BulkWindow {
  readonly #options: BulkWindowOptions;
  /** In the order they came, which is that of their numbers. */
  readonly #items = new Map<number, Outstanding>();
  /** Numbers whose answers may go, where the order does not matter. */
  readonly #ready: number[] = [];
  #bytes = 0;
  #next: number;

  constructor(options: BulkWindowOptions) {
    this.#options = options;
    this.#next = options.answeredBelow;
  }

  /** Items that have not been answered. */
  get size(): number {
    return this.#items.size;
  }

  /** The first item that has not been answered; undefined when all that came have been. */
  get first(): number | undefined {
    for (const number of this.#items.keys()) return number;
    return undefined;
  }

  /** Every item below has been answered. */
  get answeredBelow(): number {
    return this.first ?? this.#next;
  }

  /** Takes an item in. Returns why it breaks the rules of the stream, where it does. */
  take(number: number, bytes: number): Failure | undefined {
    const { itemsMax, bytesMax } = this.#options;
    if (number < this.#next) {
      const problem = `item ${number} came where ${this.#next} or later was due`;
      return new Failure("invalid-argument", problem);
    }
    if (number >= Number.MAX_SAFE_INTEGER) {
      return new Failure("invalid-argument", `item number ${number} is too large`);
    }
    if (this.#items.size >= itemsMax) {
      return beyond(`${this.#items.size} items are unanswered, limit ${itemsMax}`);
    }
    if (this.#items.size > 0 && this.#bytes + bytes > bytesMax) {
      const held = `${this.#bytes} bytes of items are unanswered and ${bytes} came`;
      return beyond(`${held}, limit ${bytesMax}`);
    }
    this.#items.set(number, { bytes, isReady: false });
    this.#bytes += bytes;
    this.#next = number + 1;
    return undefined;
  }

  /** There is an answer to this item. */
  ready(number: number): void {
    const item = this.#items.get(number);
    assert(item !== undefined && !item.isReady, `item ${number} is answered once`);
    item.isReady = true;
    if (!this.#options.isOrdered) this.#ready.push(number);
  }

  /** The item whose answer goes next, and which is answered then; undefined when none may. */
  next(): number | undefined {
    const number = this.#options.isOrdered ? this.#firstIfReady() : this.#ready.shift();
    const item = number === undefined ? undefined : this.#items.get(number);
    if (number === undefined || item === undefined) return undefined;
    this.#items.delete(number);
    this.#bytes -= item.bytes;
    return number;
  }

  #firstIfReady(): number | undefined {
    const { first } = this;
    if (first === undefined) return undefined;
    return this.#items.get(first)?.isReady === true ? first : undefined;
  }
}

function beyond(problem: string): Failure {
  return new Failure("resource-exhausted", `beyond the window: ${problem}`);
}
