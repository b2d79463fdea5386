import { hashText } from "../hash.ts";
import { hashRowInto } from "../monitor/row-hash.ts";
import type { RowKey } from "./key-table.ts";

/** The key of a row by the id of its prediction, the one at `index` among ids of 16 bytes. */
export function predictionKey(predictionIds: Uint8Array, index: number, row: number): RowKey {
  const key = { low: 0, high: 0 };
  hashRowInto(key, { predictionIds, index }, row);
  return key;
}

/** The key of a row by the id the caller gave its request. */
export function requestKey(id: string, row: number): RowKey {
  const digits = hashText(`${row} ${id}`);
  return {
    low: Number.parseInt(digits.slice(8), 16),
    high: Number.parseInt(digits.slice(0, 8), 16),
  };
}
