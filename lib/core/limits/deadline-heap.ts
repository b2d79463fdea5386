/**
 * Things by the time they are due, earliest first; equal times in no order. Every step is O(log n).
 */
export class DeadlineHeap<Item extends object> {
  readonly #items: Item[] = [];
  readonly #due: number[] = [];
  readonly #places = new Map<Item, number>();

  get size(): number {
    return this.#items.length;
  }

  /** The earliest time, or undefined when empty. */
  get earliest(): number | undefined {
    return this.#due[0];
  }

  /** The item due first, left where it is. */
  get first(): Item | undefined {
    return this.#items[0];
  }

  /** Adds an item, or moves one that is here to another time. */
  set(item: Item, due: number): void {
    this.delete(item);
    this.#items.push(item);
    this.#due.push(due);
    this.#places.set(item, this.#items.length - 1);
    this.#rise(this.#items.length - 1);
  }

  delete(item: Item): boolean {
    const place = this.#places.get(item);
    if (place === undefined) return false;
    this.#places.delete(item);
    const lastItem = this.#items.pop();
    const lastDue = this.#due.pop();
    if (lastItem === undefined || lastDue === undefined || lastItem === item) return true;
    this.#put(place, lastItem, lastDue);
    this.#sink(place);
    this.#rise(place);
    return true;
  }

  /** Removes and returns the item due first, if it is due by `now`. */
  takeDue(now: number): Item | undefined {
    const [item] = this.#items;
    const [due] = this.#due;
    if (item === undefined || due === undefined || due > now) return undefined;
    this.delete(item);
    return item;
  }

  /** All items, in no order. */
  values(): IterableIterator<Item> {
    return this.#places.keys();
  }

  #put(place: number, item: Item, due: number): void {
    this.#items[place] = item;
    this.#due[place] = due;
    this.#places.set(item, place);
  }

  #rise(from: number): void {
    for (let place = from; place > 0; ) {
      const parent = (place - 1) >> 1;
      if (!this.#isBefore(place, parent)) return;
      this.#swap(place, parent);
      place = parent;
    }
  }

  #sink(from: number): void {
    for (let place = from; ; ) {
      const left = 2 * place + 1;
      if (left >= this.#items.length) return;
      const right = left + 1;
      const child = right < this.#items.length && this.#isBefore(right, left) ? right : left;
      if (!this.#isBefore(child, place)) return;
      this.#swap(place, child);
      place = child;
    }
  }

  #isBefore(one: number, other: number): boolean {
    return (this.#due[one] ?? 0) < (this.#due[other] ?? 0);
  }

  #swap(one: number, other: number): void {
    const item = this.#items[one];
    const otherItem = this.#items[other];
    const due = this.#due[one] ?? 0;
    if (item === undefined || otherItem === undefined) return;
    this.#put(one, otherItem, this.#due[other] ?? 0);
    this.#put(other, item, due);
  }
}
