import { countRawInputs } from "#wire/oip/raw-inputs.ts";
import type { Arrival } from "./work.ts";

/**
 * What is decoded where it arrives, whatever it is. The most elements that fit, empty texts or
 * integers of a byte, take 0.7 and 0.35 ms on a slow core; the way to another thread costs half of
 * that.
 */
export const lightBytesMax: number = 16 * 1024;
/** Of raw numbers, which are only copied. */
const copiedBytesMax = 256 * 1024;

/**
 * Whether decoding a request takes so long that the thread that does the input and output had
 * better not do it. `own`: whether the payload is all of its memory, in which the numbers of a
 * single raw input stay.
 */
export function isHeavy(
  payload: Uint8Array,
  own: boolean,
  { method, isBulk }: Pick<Arrival, "method" | "isBulk">,
): boolean {
  if (payload.byteLength <= lightBytesMax) return false;
  if (method === "Predict") return true;
  const inputs = countRawInputs(payload);
  if (inputs === undefined) return true;
  const isViewed = own && !isBulk && inputs === 1;
  return !isViewed && payload.byteLength > copiedBytesMax;
}
