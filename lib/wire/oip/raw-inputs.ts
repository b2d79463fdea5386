import { Cursor, wireType } from "../cursor.ts";

/** Of a request with more than this the glance is not worth its while. */
const fieldsMax = 64;
/** Longer than every datatype. */
const datatypeBytesMax = 16;

/**
 * How many inputs a ModelInferRequest has when all it carries is raw numbers, which need no
 * decoding; undefined when it has other values, or too many fields to tell at a glance, or makes no
 * sense. Booleans are not numbers here: each of them is looked at.
 */
export function countRawInputs(bytes: Uint8Array): number | undefined {
  try {
    return new Glance(bytes).count();
  } catch {
    // Whoever decodes it says what is wrong with it.
    return undefined;
  }
}

class Glance {
  readonly #cursor: Cursor;
  #fields = 0;

  constructor(bytes: Uint8Array) {
    this.#cursor = new Cursor(bytes, "the request is not a ModelInferRequest");
  }

  count(): number | undefined {
    const cursor = this.#cursor;
    let inputs = 0;
    while (cursor.next()) {
      if (!this.#isAtAGlance()) return undefined;
      if (cursor.number !== 5) cursor.skip();
      else if (this.#isRawInput()) inputs += 1;
      else return undefined;
    }
    return inputs;
  }

  #isRawInput(): boolean {
    const cursor = this.#cursor;
    const outer = cursor.enter(cursor.span("inputs"), cursor.at);
    let isRaw = true;
    while (isRaw && cursor.next()) {
      isRaw = this.#isAtAGlance() && cursor.number !== 5;
      if (cursor.number === 2) isRaw &&= this.#isNumberType();
      else if (isRaw) cursor.skip();
    }
    cursor.leave(outer);
    return isRaw;
  }

  #isNumberType(): boolean {
    const cursor = this.#cursor;
    if (cursor.wire !== wireType.bytes) return false;
    const from = cursor.span("datatype");
    if (cursor.at - from > datatypeBytesMax) return false;
    const type = String.fromCharCode(...cursor.bytes.subarray(from, cursor.at));
    return type !== "BYTES" && type !== "BOOL";
  }

  #isAtAGlance(): boolean {
    this.#fields += 1;
    return this.#fields <= fieldsMax;
  }
}
