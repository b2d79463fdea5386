/**
 * Things by the time they are due, earliest first; equal times in no order. Every step is O(log n).
 */
export class DeadlineHeap<Item extends object> {
  readonly #entries: Entry<Item>[] = [];
  readonly #entryOf = new Map<Item, Entry<Item>>();

  get size(): number {
    return this.#entries.length;
  }

  /** The earliest time, or undefined when empty. */
  get earliest(): number | undefined {
    return this.#entries[0]?.due;
  }

  /** The item due first, left where it is. */
  get first(): Item | undefined {
    return this.#entries[0]?.item;
  }

  /** Adds an item, or moves one that is here to another time. */
  set(item: Item, due: number): void {
    this.delete(item);
    const entry = { item, due, place: this.#entries.length };
    this.#entries.push(entry);
    this.#entryOf.set(item, entry);
    this.#rise(entry);
  }

  delete(item: Item): boolean {
    const entry = this.#entryOf.get(item);
    if (entry === undefined) return false;
    this.#entryOf.delete(item);
    const last = this.#entries.pop();
    if (last === undefined || last === entry) return true;
    this.#put(last, entry.place);
    this.#sink(last);
    this.#rise(last);
    return true;
  }

  /** Removes and returns the item due first, if it is due by `now`. */
  takeDue(now: number): Item | undefined {
    const [first] = this.#entries;
    if (first === undefined || first.due > now) return undefined;
    this.delete(first.item);
    return first.item;
  }

  /** All items, in no order. */
  values(): IterableIterator<Item> {
    return this.#entryOf.keys();
  }

  #put(entry: Entry<Item>, place: number): void {
    this.#entries[place] = entry;
    entry.place = place;
  }

  #rise(entry: Entry<Item>): void {
    while (entry.place > 0) {
      const { place } = entry;
      const parent = this.#entries[(place - 1) >> 1];
      if (parent === undefined || parent.due <= entry.due) return;
      this.#put(entry, parent.place);
      this.#put(parent, place);
    }
  }

  #sink(entry: Entry<Item>): void {
    for (;;) {
      const { place } = entry;
      const left = this.#entries[2 * place + 1];
      if (left === undefined) return;
      const right = this.#entries[2 * place + 2];
      const child = right !== undefined && right.due < left.due ? right : left;
      if (child.due >= entry.due) return;
      this.#put(entry, child.place);
      this.#put(child, place);
    }
  }
}

/** Knows its place, so that moving it does not mean finding it. */
type Entry<Item> = { readonly item: Item; readonly due: number; place: number };
