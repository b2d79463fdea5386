type Numbers = Uint8Array | Uint32Array | Float64Array;

const lengthFirst = 1024;

/** Numbers of one kind, appended one by one; doubles its room as it fills. */
export class GrowingNumbers {
  readonly #make: new (
    length: number,
  ) => Numbers;
  #data: Numbers;
  #length = 0;

  constructor(make: new (length: number) => Numbers) {
    this.#make = make;
    this.#data = new make(lengthFirst);
  }

  get length(): number {
    return this.#length;
  }

  at(index: number): number {
    return this.#data[index] as number;
  }

  push(value: number): void {
    if (this.#length === this.#data.length) {
      const larger = new this.#make(this.#length * 2);
      larger.set(this.#data);
      this.#data = larger;
    }
    this.#data[this.#length] = value;
    this.#length += 1;
  }

  /** Appends zeros until there are `length` numbers. */
  fill(length: number): void {
    while (this.#length < length) this.push(0);
  }

  /** Lets go of all but those at these ascending places. */
  keep(places: readonly number[]): void {
    for (let index = 0; index < places.length; index += 1) {
      this.#data[index] = this.#data[places[index] as number] as number;
    }
    this.#length = places.length;
  }
}
