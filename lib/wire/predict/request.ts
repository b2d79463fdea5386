// A PredictRequest is read in one pass. The values of a column are protobuf's oneof of three lists:
// pieces of the same kind join, one of another kind takes the place of what came before.
import { Failure } from "#core/failure.ts";
import type { Column, ColumnValues } from "#core/prediction/column.ts";
import { quote } from "#core/quote.ts";
import { Cursor, wireType } from "../cursor.ts";
import { listedMax } from "../listed-elements.ts";

/** What a caller of Predict asked for, not yet checked against a model. */
export type PredictRequest = { readonly id: string; readonly columns: readonly Column[] };

type Growing =
  | { readonly kind: "numbers"; readonly values: number[] }
  | { readonly kind: "integers"; readonly values: bigint[] }
  | { readonly kind: "texts"; readonly values: string[] };

const kinds = { 2: "numbers", 3: "integers", 4: "texts" } as const;
const noNulls = new Uint8Array(0);
const doubleBytes = 8;

/** Decodes a PredictRequest. Throws an invalid-argument Failure. */
export function decodePredictRequest(bytes: Uint8Array): PredictRequest {
  return new PredictReader(bytes).read();
}

class PredictReader {
  readonly #cursor: Cursor;
  readonly #view: DataView;
  readonly #columns: Column[] = [];
  #id = "";
  #listed = 0;

  constructor(bytes: Uint8Array) {
    this.#cursor = new Cursor(bytes, "the request is not a PredictRequest");
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): PredictRequest {
    const cursor = this.#cursor;
    while (cursor.next()) {
      this.#list();
      const { number } = cursor;
      if (number === 3) this.#id = cursor.text("id");
      else if (number === 4) this.#readColumn();
      else {
        // The model's name and version: whoever routed the request has read them.
        if (number <= 2) cursor.expect(wireType.bytes, "the model's name");
        cursor.skip();
      }
    }
    return { id: this.#id, columns: this.#columns };
  }

  #readColumn(): void {
    const cursor = this.#cursor;
    const outer = cursor.enter(cursor.span("columns"), cursor.at);
    let name = "";
    let nulls: Uint8Array = noNulls;
    let values: Growing | undefined;
    while (cursor.next()) {
      this.#list();
      const { number } = cursor;
      if (number === 1) name = cursor.text("name");
      else if (number === 2 || number === 3 || number === 4) {
        values = this.#readValues(kinds[number], values);
      } else if (number === 5) nulls = cursor.bytes.slice(cursor.span("nulls"), cursor.at);
      else cursor.skip();
    }
    cursor.leave(outer);
    if (values === undefined) {
      throw new Failure("invalid-argument", `feature ${quote(name)} has no values`);
    }
    this.#columns.push({ name, values: values as ColumnValues, nulls });
  }

  #readValues(kind: Growing["kind"], before: Growing | undefined): Growing {
    const cursor = this.#cursor;
    const growing = before?.kind === kind ? before : ({ kind, values: [] } as Growing);
    const outer = cursor.enter(cursor.span(kind), cursor.at);
    while (cursor.next()) {
      if (cursor.number !== 1) {
        this.#list();
        cursor.skip();
      } else if (growing.kind === "numbers") this.#readNumbers(growing.values);
      else if (growing.kind === "integers") this.#readIntegers(growing.values);
      else {
        this.#list();
        growing.values.push(cursor.text("a text"));
      }
    }
    cursor.leave(outer);
    return growing;
  }

  #readNumbers(values: number[]): void {
    const cursor = this.#cursor;
    if (cursor.wire !== wireType.bytes) {
      this.#list();
      cursor.expect(wireType.fixed64, "numbers");
      values.push(this.#view.getFloat64(cursor.fixed(doubleBytes), true));
      return;
    }
    const from = cursor.span("numbers");
    const length = cursor.at - from;
    if (length % doubleBytes !== 0) {
      cursor.malformed(`${length} bytes of numbers, ${doubleBytes} for each`);
    }
    for (let at = from; at < cursor.at; at += doubleBytes) {
      values.push(this.#view.getFloat64(at, true));
    }
  }

  #readIntegers(values: bigint[]): void {
    const cursor = this.#cursor;
    if (cursor.wire !== wireType.bytes) {
      cursor.expect(wireType.varint, "integers");
      this.#list();
      values.push(zigzag(cursor));
      return;
    }
    const outer = cursor.enter(cursor.span("integers"), cursor.at);
    while (cursor.at < cursor.end) {
      this.#list();
      values.push(zigzag(cursor));
    }
    cursor.leave(outer);
  }

  /** Bounds the integers, texts and fields of a request, each of which takes its time. */
  #list(): void {
    this.#listed += 1;
    if (this.#listed <= listedMax) return;
    const problem = `the request lists more than ${listedMax} elements one by one`;
    throw new Failure("invalid-argument", `${problem}: send fewer rows at a time`);
  }
}

function zigzag(cursor: Cursor): bigint {
  const low = cursor.varint();
  if (cursor.high === 0) return BigInt((low >>> 1) ^ -(low & 1));
  const bits = (BigInt(cursor.high >>> 0) << 32n) | BigInt(low >>> 0);
  return (bits >> 1n) ^ -(bits & 1n);
}
