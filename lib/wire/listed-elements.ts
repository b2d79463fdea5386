/**
 * Bounds what a request lists one by one. Decoded, each element becomes a slot or an object of its
 * own: sixty megabytes of numbers or texts of a byte or two take gigabytes and many seconds, and
 * one caller could end a worker. So they are counted first, without decoding any.
 */
import { Failure } from "#core/failure.ts";
import { FieldReader, wireType } from "./field-reader.ts";

/**
 * Fields to look into, by number: packed numbers of any length, or messages with such fields of
 * their own. Every other field counts as one.
 */
export type ListedFields = { readonly [field: number]: "varints" | ListedFields };

/** As many are decoded in about a tenth of a second. */
export const listedMax: number = 2 ** 20;

/**
 * Throws an invalid-argument Failure where `bytes` hold more than 2^20 elements and fields,
 * nested ones included; `advice` says how else to send them.
 */
export function refuseLongLists(bytes: Uint8Array, fields: ListedFields, advice: string): void {
  // None takes less than a byte.
  if (bytes.byteLength <= listedMax) return;
  if (countElements(bytes, new FieldReader(bytes), fields) <= listedMax) return;
  const problem = `the request lists more than ${listedMax} elements one by one`;
  throw new Failure("invalid-argument", `${problem}: ${advice}`);
}

/** Stops counting beyond the limit. */
function countElements(bytes: Uint8Array, reader: FieldReader, fields: ListedFields): number {
  let count = 0;
  while (count <= listedMax && reader.next()) {
    const listed = fields[reader.number];
    count += 1;
    if (listed === undefined || reader.wire !== wireType.bytes) {
      reader.skip();
      continue;
    }
    const inner = reader.message("a list");
    count +=
      listed === "varints"
        ? countVarints(bytes, inner.at, reader.at)
        : countElements(bytes, inner, listed);
  }
  return count;
}

function countVarints(bytes: Uint8Array, from: number, end: number): number {
  let count = 0;
  // The last byte of each is below 128.
  for (let at = from; at < end; at += 1) if ((bytes[at] ?? 0) < 128) count += 1;
  return count;
}
