/**
 * Which items of a bulk stream are where, whatever connections it lives through:
 *
 *   taken from the input → sent → answered → given to the application
 *
 * An item is held from when it is taken until its answer has been given away, and everything held
 * counts against the window the gateway allows. So neither the input is read ahead nor are answers
 * piled up beyond it. When a connection breaks, what has no answer is sent again on the next one;
 * an answer that comes twice is a `repeat`. Nothing here waits or sends.
 */
export type WindowLimits = {
  readonly itemsMax: number;
  /** Of encoded items; one alone may be larger. */
  readonly bytesMax: number;
};

export type WindowStart = {
  /** Answers are given in the order of their items; else as they come. */
  readonly isOrdered: boolean;
  /** The number of the first item of the input; all below it have been answered. */
  readonly firstItem: number;
  /** Numbers from `firstItem` that have been answered before, and are not sent. */
  readonly answered: readonly number[];
};

type Held<Item, Answer> = {
  readonly item: Item;
  readonly bytes: number;
  answer: Answer | undefined;
};

export type Arrived<Item, Answer> = {
  readonly number: number;
  readonly item: Item;
  readonly answer: Answer;
};

/** Later items may overtake one that is slow, but not without end: numbers are remembered. */
const overtakingWindows = 16;

export class BulkWindow<Item, Answer> {
  readonly #isOrdered: boolean;
  /** In ascending order. */
  readonly #held = new Map<number, Held<Item, Answer>>();
  /** Numbers of answers to be given, where they are given as they come. */
  readonly #arrived: number[] = [];
  /** Given away, or answered before, from `#base`. */
  readonly #given: Set<number>;
  #limits: WindowLimits = { itemsMax: 0, bytesMax: 0 };
  /** All below have been given away. */
  #base: number;
  #next: number;
  /** All below have been sent on this connection, or need not be. */
  #sent: number;
  #sentItems = 0;
  #sentBytes = 0;
  #bytes = 0;
  #isInputOver = false;

  constructor({ isOrdered, firstItem, answered }: WindowStart) {
    this.#isOrdered = isOrdered;
    this.#base = firstItem;
    this.#next = firstItem;
    this.#sent = firstItem;
    this.#given = new Set(answered);
    this.#advance();
  }

  /** The number that the next item of the input gets. */
  get nextNumber(): number {
    return this.#next;
  }

  /** Below it every answer has been given away; `above` are those given beyond it. */
  get given(): { readonly base: number; readonly above: readonly number[] } {
    const above = [...this.#given].filter((number) => number >= this.#base);
    return { base: this.#base, above: above.toSorted((one, other) => one - other) };
  }

  /** True when the input is over and all answers have been given away. */
  get isFinished(): boolean {
    return this.#isInputOver && this.#held.size === 0;
  }

  /** True while the gateway owes an answer. */
  get isWaiting(): boolean {
    for (const { answer } of this.#held.values()) if (answer === undefined) return true;
    return false;
  }

  /** True when nothing is left to be sent on this connection, nor will be. */
  get isAllSent(): boolean {
    return this.#isInputOver && this.#sent === this.#next;
  }

  /** On a new connection: nothing has been sent on it. */
  opened(limits: WindowLimits): void {
    this.#limits = limits;
    this.#sent = this.#base;
    this.#sentItems = 0;
    this.#sentBytes = 0;
    for (const { bytes, answer } of this.#held.values()) {
      if (answer !== undefined) this.#count(1, bytes);
    }
  }

  /** Until the next one is opened nothing is to be sent. */
  broke(): void {
    this.#limits = { itemsMax: 0, bytesMax: 0 };
    this.#sent = this.#base;
  }

  /** True where the input may be asked for one more. */
  get hasRoom(): boolean {
    const { itemsMax, bytesMax } = this.#limits;
    const isFree = this.#held.size < itemsMax && this.#bytes < bytesMax;
    return isFree && !this.#isInputOver && this.#next - this.#base < itemsMax * overtakingWindows;
  }

  /** True where the next item was answered before: it is to be skipped. */
  get isNextAnswered(): boolean {
    return this.#given.has(this.#next);
  }

  skip(): void {
    this.#next += 1;
    this.#advance();
  }

  take(item: Item, bytes: number): void {
    this.#held.set(this.#next, { item, bytes, answer: undefined });
    this.#bytes += bytes;
    this.#next += 1;
  }

  inputOver(): void {
    this.#isInputOver = true;
  }

  /** The next item to be sent, which counts as sent from here on; undefined where none may be. */
  send(): Item | undefined {
    for (; this.#sent < this.#next; this.#sent++) {
      const held = this.#held.get(this.#sent);
      if (held === undefined || held.answer !== undefined) continue;
      const { itemsMax, bytesMax } = this.#limits;
      if (this.#sentItems >= itemsMax) return undefined;
      if (this.#sentItems > 0 && this.#sentBytes + held.bytes > bytesMax) return undefined;
      this.#count(1, held.bytes);
      this.#sent += 1;
      return held.item;
    }
    return undefined;
  }

  /** `unknown` is an answer to what was never asked. */
  answered(number: number, answer: Answer): "first" | "repeat" | "unknown" {
    const held = this.#held.get(number);
    if (held === undefined) {
      const isKnown = number < this.#base || (number < this.#next && this.#given.has(number));
      return isKnown ? "repeat" : "unknown";
    }
    if (held.answer !== undefined) return "repeat";
    held.answer = answer;
    if (number >= this.#sent) this.#count(1, held.bytes);
    if (!this.#isOrdered) this.#arrived.push(number);
    return "first";
  }

  /** The next answer to be given away, which is let go of; undefined where there is none yet. */
  give(): Arrived<Item, Answer> | undefined {
    const number = this.#isOrdered ? this.#held.keys().next().value : this.#arrived[0];
    const held = number === undefined ? undefined : this.#held.get(number);
    if (number === undefined || held?.answer === undefined) return undefined;
    if (!this.#isOrdered) this.#arrived.shift();
    this.#held.delete(number);
    this.#bytes -= held.bytes;
    this.#count(-1, -held.bytes);
    this.#given.add(number);
    this.#advance();
    return { number, item: held.item, answer: held.answer };
  }

  #count(items: number, bytes: number): void {
    this.#sentItems += items;
    this.#sentBytes += bytes;
  }

  #advance(): void {
    while (this.#base < this.#next && this.#given.delete(this.#base)) this.#base += 1;
  }
}
