// Typed contents are walked over twice: once to count what each field holds, so that nothing is
// allocated for values that are not there, and once to write the values into their array.
import { allocate, type Dtype, type TensorData } from "#core/tensor/dtype.ts";
import { type Cursor, wireType } from "../cursor.ts";
import { decodeElement, describe, invalid, refuseElement, type TensorHead } from "./raw.ts";

/** The fields of InferTensorContents by number: their names, and the size of one element. */
const fields = [
  { name: "", wire: wireType.bytes, bytes: 0 },
  { name: "bool_contents", wire: wireType.varint, bytes: 0 },
  { name: "int_contents", wire: wireType.varint, bytes: 0 },
  { name: "int64_contents", wire: wireType.varint, bytes: 0 },
  { name: "uint_contents", wire: wireType.varint, bytes: 0 },
  { name: "uint64_contents", wire: wireType.varint, bytes: 0 },
  { name: "fp32_contents", wire: wireType.fixed32, bytes: 4 },
  { name: "fp64_contents", wire: wireType.fixed64, bytes: 8 },
  { name: "bytes_contents", wire: wireType.bytes, bytes: 0 },
] as const;

/** Where the protocol puts each data type; FP16 has no typed form. */
const fieldOf: Record<Exclude<Dtype, "FP16">, number> = {
  BOOL: 1,
  INT8: 2,
  INT16: 2,
  INT32: 2,
  INT64: 3,
  UINT8: 4,
  UINT16: 4,
  UINT32: 4,
  UINT64: 5,
  FP32: 6,
  FP64: 7,
  BYTES: 8,
};

const narrowRange: Partial<Record<Dtype, readonly [min: number, max: number]>> = {
  INT8: [-128, 127],
  INT16: [-32_768, 32_767],
  UINT8: [0, 255],
  UINT16: [0, 65_535],
};

/** The `contents` of one tensor, of which a message may hold several pieces that make up one. */
export class TypedContents {
  readonly #cursor: Cursor;
  /** Where each piece begins and ends, in turns. */
  readonly #pieces: number[] = [];
  /** Values in each field, by its number. */
  readonly #counts: number[] = new Array(fields.length).fill(0);

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  /** Without values it counts as absent. */
  get isEmpty(): boolean {
    return this.#counts.every((count) => count === 0);
  }

  /**
   * Takes in the field the cursor has come to, and goes on behind it. Gives back how many fields
   * and numbers of no fixed size it lists.
   */
  add(): number {
    const cursor = this.#cursor;
    const from = cursor.span("contents");
    const end = cursor.at;
    this.#pieces.push(from, end);
    const outer = cursor.enter(from, end);
    let listed = 0;
    while (cursor.next()) {
      const { number, wire } = cursor;
      const field = fields[number];
      listed += 1;
      if (field === undefined) cursor.skip();
      else if (wire === wireType.bytes && field.wire !== wireType.bytes) {
        const start = cursor.span(field.name);
        const count = packedCount(cursor, start, field);
        if (field.bytes === 0) listed += count;
        this.#count(number, count);
      } else {
        cursor.expect(field.wire, field.name);
        cursor.skip();
        this.#count(number, 1);
      }
    }
    cursor.leave(outer);
    return listed;
  }

  /**
   * The values. Throws an invalid-argument Failure where they are in the wrong field, or are too
   * many or too few. Those that do not fit the data type are bad elements.
   */
  decode(head: TensorHead): TensorData {
    if (head.dtype === "FP16") {
      throw invalid(head, "FP16 has no typed form, use raw_input_contents");
    }
    const number = fieldOf[head.dtype];
    const wrong = this.#counts.findIndex((count, other) => other !== number && count > 0);
    if (wrong >= 0) {
      const wanted = fields[number]?.name;
      throw invalid(head, `${head.dtype} is expected in ${wanted}, got ${fields[wrong]?.name}`);
    }
    const count = this.#counts[number] ?? 0;
    if (count !== head.elements) {
      throw invalid(head, `expected ${head.elements} elements for ${describe(head)}, got ${count}`);
    }
    const data = allocate(head.dtype, count);
    this.#fill(number, data, elementWriter(head, data, this.#cursor));
    return data;
  }

  #count(number: number, count: number): void {
    this.#counts[number] = (this.#counts[number] ?? 0) + count;
  }

  #fill(number: number, data: TensorData, write: (index: number) => void): void {
    const cursor = this.#cursor;
    const isText = fields[number]?.wire === wireType.bytes;
    let index = 0;
    for (let piece = 0; piece < this.#pieces.length; piece += 2) {
      const outer = cursor.enter(this.#pieces[piece] ?? 0, this.#pieces[piece + 1] ?? 0);
      while (cursor.next()) {
        if (cursor.number !== number) cursor.skip();
        else if (isText || cursor.wire !== wireType.bytes) {
          write(index);
          index += 1;
        } else {
          const start = cursor.span("");
          if (copyNumbers(data, index, cursor.bytes.subarray(start, cursor.at))) {
            index += (cursor.at - start) / (fields[number]?.bytes ?? 1);
            continue;
          }
          const inner = cursor.enter(start, cursor.at);
          for (; cursor.at < cursor.end; index += 1) write(index);
          cursor.leave(inner);
        }
      }
      cursor.leave(outer);
    }
  }
}

/** Packed floats are in memory as they are on the wire. False for everything else. */
function copyNumbers(data: TensorData, index: number, bytes: Uint8Array): boolean {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return false;
  new Uint8Array(data.buffer).set(bytes, index * data.BYTES_PER_ELEMENT);
  return true;
}

function packedCount(cursor: Cursor, from: number, field: (typeof fields)[number]): number {
  const { bytes, at: end } = cursor;
  if (field.bytes > 0) {
    const count = (end - from) / field.bytes;
    if (Number.isInteger(count)) return count;
    return cursor.malformed(`${end - from} bytes of ${field.name}, ${field.bytes} for each`);
  }
  let count = 0;
  // The last byte of each is below 128.
  for (let at = from; at < end; at += 1) if ((bytes[at] as number) < 128) count += 1;
  if (end > from && (bytes[end - 1] as number) >= 128) {
    cursor.malformed(`${field.name} ends inside a number`);
  }
  return count;
}

/** Takes the value the cursor is at as the element of an index. */
function elementWriter(
  head: TensorHead,
  data: TensorData,
  cursor: Cursor,
): (index: number) => void {
  if (Array.isArray(data)) {
    return (index) => {
      const from = cursor.span("bytes_contents");
      data[index] = decodeElement(head, cursor.bytes, { from, end: cursor.at, index });
    };
  }
  if (data instanceof Float32Array || data instanceof Float64Array) {
    const size = data.BYTES_PER_ELEMENT;
    const target = new Uint8Array(data.buffer);
    return (index) => {
      const from = cursor.fixed(size);
      for (let at = 0; at < size; at += 1) {
        target[index * size + at] = cursor.bytes[from + at] as number;
      }
    };
  }
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    const halves = new Uint32Array(data.buffer);
    return (index) => {
      halves[index * 2] = cursor.varint();
      halves[index * 2 + 1] = cursor.high;
    };
  }
  return smallWriter(head, data, cursor);
}

function smallWriter(
  head: TensorHead,
  data: Exclude<TensorData, string[] | BigInt64Array | BigUint64Array>,
  cursor: Cursor,
): (index: number) => void {
  const { dtype } = head;
  if (dtype === "BOOL") {
    return (index) => {
      data[index] = (cursor.varint() | cursor.high) === 0 ? 0 : 1;
    };
  }
  const range = narrowRange[dtype];
  if (range === undefined) {
    return (index) => {
      data[index] = cursor.varint();
    };
  }
  const [min, max] = range;
  return (index) => {
    const bits = cursor.varint();
    const value = min < 0 ? bits : bits >>> 0;
    if (value < min || value > max) {
      const problem = `element ${index} is ${value}, outside ${dtype}'s ${min} to ${max}`;
      refuseElement(head, index, problem);
    }
    data[index] = value;
  };
}
