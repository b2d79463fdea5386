/**
 * Items in an order of their own, the first one at hand. Every step is O(log n). Each item
 * remembers its place, which is what makes taking one out of the middle cheap: an item is in one
 * heap at a time that keeps its place in the same field.
 */
export type HeapOptions<Item> = {
  readonly isBefore: (one: Item, other: Item) => boolean;
  readonly placeOf: (item: Item) => number;
  /** -1 for an item that has left. */
  readonly setPlace: (item: Item, place: number) => void;
};

export class PlacedHeap<Item> {
  readonly #options: HeapOptions<Item>;
  readonly #items: Item[] = [];

  constructor(options: HeapOptions<Item>) {
    this.#options = options;
  }

  get size(): number {
    return this.#items.length;
  }

  get first(): Item | undefined {
    return this.#items[0];
  }

  /** All items, in no order. */
  get items(): readonly Item[] {
    return this.#items;
  }

  /** How many do not come after an item, which need not be here. Looks at few others. */
  countUpTo(item: Item): number {
    const { isBefore } = this.#options;
    const items = this.#items;
    const places = [0];
    let count = 0;
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      const here = items[place];
      // What is below comes after it.
      if (here === undefined || isBefore(item, here)) continue;
      count += 1;
      places.push(2 * place + 1, 2 * place + 2);
    }
    return count;
  }

  /** Adds an item whose place is -1. */
  add(item: Item): void {
    this.#items.push(item);
    this.#rise(item, this.#items.length - 1);
  }

  /** Takes out an item that is here. */
  delete(item: Item): void {
    const { placeOf, setPlace } = this.#options;
    const place = placeOf(item);
    const last = this.#items.pop() as Item;
    setPlace(item, -1);
    if (last === item) return;
    this.#put(last, place);
    this.moved(last);
  }

  /** Finds its place again for an item that is here and whose order has changed. */
  moved(item: Item): void {
    this.#rise(item, this.#options.placeOf(item));
    this.#sink(item, this.#options.placeOf(item));
  }

  #put(item: Item, place: number): void {
    this.#items[place] = item;
    this.#options.setPlace(item, place);
  }

  #rise(item: Item, from: number): void {
    const { isBefore } = this.#options;
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#items[above] as Item;
      if (!isBefore(item, parent)) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(item, place);
  }

  #sink(item: Item, from: number): void {
    const { isBefore } = this.#options;
    const items = this.#items;
    let place = from;
    for (let below = 2 * place + 1; below < items.length; below = 2 * place + 1) {
      const right = below + 1;
      if (right < items.length && isBefore(items[right] as Item, items[below] as Item)) {
        below = right;
      }
      const child = items[below] as Item;
      if (!isBefore(child, item)) break;
      this.#put(child, place);
      place = below;
    }
    this.#put(item, place);
  }
}
