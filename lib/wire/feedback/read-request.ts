/**
 * Reads a SendFeedbackRequest off its bytes. What is wrong with one label is told of that label
 * alone; too many are refused before there is an object for each.
 */
import { Failure } from "#core/failure.ts";
import {
  type Feedback,
  type FeedbackTarget,
  feedbackPerRequestMax,
  feedbackTextMax,
} from "#core/performance/feedback.ts";
import { parsePredictionId } from "#core/prediction-id.ts";
import { quote } from "#core/quote.ts";
import { Cursor, wireType } from "../cursor.ts";

export type FeedbackRequest = {
  readonly model: string;
  /** In the order they were sent: a label, or what is wrong with it. */
  readonly entries: readonly (Feedback | string)[];
};

type Fields = { target: FeedbackTarget | string; row: number; label: number | string | undefined };

const noTarget = "it names no prediction: set prediction_id, request_id or prediction_token";

/** Throws an invalid-argument Failure where the bytes are no such request. */
export function readFeedbackRequest(bytes: Uint8Array): FeedbackRequest {
  const cursor = new Cursor(bytes);
  const entries: (Feedback | string)[] = [];
  let model = "";
  while (cursor.next()) {
    if (cursor.number === 1) model = cursor.text("model");
    else if (cursor.number === 2) {
      if (entries.length === feedbackPerRequestMax) {
        const problem = `the request has more than ${feedbackPerRequestMax} labels`;
        throw new Failure("invalid-argument", problem);
      }
      entries.push(readFeedback(cursor));
    } else cursor.skip();
  }
  return { model, entries };
}

function readFeedback(cursor: Cursor): Feedback | string {
  const fields: Fields = { target: noTarget, row: 0, label: undefined };
  const outer = cursor.open("feedback");
  while (cursor.next()) readField(cursor, fields);
  cursor.leave(outer);
  const { target, row, label } = fields;
  if (typeof target === "string") return target;
  if (label === undefined) return "it has no label: set number or text";
  if (typeof label === "number" && !Number.isFinite(label)) return `its label is ${label}`;
  if (typeof label === "string" && label.length > feedbackTextMax) {
    return `its label has ${label.length} characters, limit ${feedbackTextMax}`;
  }
  return { target, row, label };
}

function readField(cursor: Cursor, fields: Fields): void {
  const { number } = cursor;
  if (number === 1) fields.target = byPrediction(cursor.text("prediction_id"));
  else if (number === 2) fields.target = byRequest(cursor.text("request_id"));
  else if (number === 3) fields.target = byToken(cursor.content("prediction_token"));
  else if (number === 4) {
    cursor.expect(wireType.varint, "row");
    fields.row = cursor.varint() >>> 0;
  } else if (number === 5) {
    cursor.expect(wireType.fixed64, "number");
    const { buffer, byteOffset } = cursor.bytes;
    fields.label = new DataView(buffer, byteOffset + cursor.fixed(8)).getFloat64(0, true);
  } else if (number === 6) fields.label = cursor.text("text");
  else cursor.skip();
}

function byPrediction(text: string): FeedbackTarget | string {
  const id = parsePredictionId(text);
  return id === undefined ? `${quote(text)} is no prediction id` : { kind: "prediction", id };
}

function byRequest(id: string): FeedbackTarget | string {
  if (id === "") return "its request id is empty";
  return id.length > feedbackTextMax
    ? `its request id has ${id.length} characters, limit ${feedbackTextMax}`
    : { kind: "request", id };
}

function byToken(token: Uint8Array): FeedbackTarget {
  return { kind: "token", token };
}
