import type { MessageInitShape } from "@bufbuild/protobuf";
import { quote } from "#core/quote.ts";
import type { FeedbackSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import type { Row, Value } from "../bulk/value.ts";

/** A label as it is sent. */
export type FeedbackInit = MessageInitShape<typeof FeedbackSchema>;

/** Of which a row names one. */
export const targetColumns = ["prediction_id", "request_id", "prediction_token"] as const;
export const labelColumn = "label";
const rowColumn = "row";
const rowMax = 2 ** 32 - 1;

/** The label that a row of a file holds, or what is wrong with it. */
export function toFeedback(cells: Row): FeedbackInit | string {
  const named = targetColumns.filter((name) => isThere(cells[name]));
  const [by] = named;
  if (by === undefined) return `it names no prediction: ${targetColumns.join(", ")}`;
  if (named.length > 1) return `it has both ${named.join(" and ")}`;
  const row = isThere(cells[rowColumn]) ? Number(cells[rowColumn]) : 0;
  if (!Number.isInteger(row) || row < 0 || row > rowMax) {
    return `${quote(String(cells[rowColumn]))} is no index of a row`;
  }
  const label = toLabel(cells[labelColumn]);
  if (label === undefined) return "it has no label";
  const prediction = toPrediction(by, String(cells[by]));
  return typeof prediction === "string" ? prediction : { prediction, row, label };
}

function toPrediction(
  by: (typeof targetColumns)[number],
  text: string,
): NonNullable<FeedbackInit["prediction"]> | string {
  if (by === "prediction_id") return { case: "predictionId", value: text };
  if (by === "request_id") return { case: "requestId", value: text };
  const value = new Uint8Array(Buffer.from(text, "base64"));
  const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) && value.length > 0;
  return isBase64 ? { case: "predictionToken", value } : "its prediction_token is no base64";
}

/** What reads as a number is one: the name of a class reads the same again. */
function toLabel(value: Value | undefined): FeedbackInit["label"] | undefined {
  if (!isThere(value)) return undefined;
  const text = String(value);
  const number = Number(text);
  const isNumber = Number.isFinite(number) && text.trim() !== "";
  return isNumber && (typeof value === "number" || String(number) === text)
    ? { case: "number", value: number }
    : { case: "text", value: text };
}

function isThere(value: Value | undefined): boolean {
  return value !== undefined && value !== null && value !== "";
}
