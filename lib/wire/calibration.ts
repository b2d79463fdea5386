import type { Calibration } from "#core/performance/calibration.ts";
import { classesMax } from "#core/performance/class-codes.ts";
import type { JsonObject, JsonReader } from "./json-reader.ts";

/** Twice as many as isotonic regression takes groups. */
const knotsMax = 1024;

/** `calibration` of a baseline.json, which may lack it. */
export function readCalibration(reader: JsonReader, value: unknown): Calibration | undefined {
  if (value === undefined || value === null) return undefined;
  const place = "calibration";
  const object = reader.object(value, place);
  const classes = reader.count(object["classes"], `${place}.classes`);
  if (classes < 2 || classes > classesMax) {
    reader.problem(`${place}.classes`, `expected 2 to ${classesMax}, got ${classes}`);
  }
  const rows = reader.count(object["rows"], `${place}.rows`);
  const scores = readShares(reader, object["scores"], `${place}.scores`);
  const values = readShares(reader, object["values"], `${place}.values`);
  if (scores.length !== values.length) {
    reader.problem(place, `has ${scores.length} scores and ${values.length} values`);
  }
  return { classes, rows, calibrator: { scores, values } };
}

export function calibrationToPlain({ classes, rows, calibrator }: Calibration): JsonObject {
  const { scores, values } = calibrator;
  return { classes, rows, scores: [...scores], values: [...values] };
}

/** Ascending, from 0 to 1. */
function readShares(reader: JsonReader, value: unknown, place: string): Float64Array {
  const list = reader.list(value, place);
  if (list.length === 0 || list.length > knotsMax) {
    reader.problem(place, `has ${list.length} entries, expected 1 to ${knotsMax}`);
    return new Float64Array(0);
  }
  const shares = list.map((share, index) => reader.number(share, `${place}[${index}]`));
  const wrong = shares.findIndex((share, index) => share < (shares[index - 1] ?? 0) || share > 1);
  if (wrong >= 0) reader.problem(`${place}[${wrong}]`, "is below the one before it, or above 1");
  return Float64Array.from(shares);
}
