import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Failure, messageOf } from "#core/failure.ts";
import { isModelName } from "#core/model/name.ts";
import {
  type Feedback,
  type FeedbackTarget,
  feedbackPerMessageMax,
  feedbackTextMax,
} from "#core/performance/feedback.ts";
import { predictionIdBytes } from "#core/prediction-id.ts";
import { quote } from "#core/quote.ts";
import { type FeedbackMessage, FeedbackMessageSchema } from "#gen/sluice/event/v1/event_pb.ts";

/** Labels of one message are all numbers or all texts, and in the order of their targets' kinds. */
const kinds = ["prediction", "request", "token"] as const;

/**
 * FeedbackMessages that hold these labels in their order, of at most `bytesMax` each unless a
 * single label takes more.
 */
export function encodeFeedback(
  model: string,
  feedback: readonly Feedback[],
  bytesMax: number,
): Uint8Array[] {
  const messages: Uint8Array[] = [];
  let group: Feedback[] = [];
  let bytes = 0;
  const flush = () => {
    if (group.length > 0) messages.push(encodeGroup(model, group));
    group = [];
    bytes = 0;
  };
  for (const one of feedback) {
    const size = sizeOf(one);
    const last = group.at(-1);
    const isOther =
      last !== undefined && (isNumber(last) !== isNumber(one) || comesBefore(one, last));
    if (isOther || bytes + size > bytesMax || group.length === feedbackPerMessageMax) flush();
    group.push(one);
    bytes += size;
  }
  flush();
  return messages;
}

/** The labels of a FeedbackMessage. Throws an invalid-argument Failure that says what is wrong. */
export function decodeFeedback(bytes: Uint8Array, model: string): Feedback[] {
  const message = parse(bytes);
  const { rows, numbers, texts, predictionIds, requestIds, predictionTokens } = message;
  if (!isModelName(message.model) || message.model !== model) {
    throw malformed(`it is of model ${quote(message.model)}, its subject of ${quote(model)}`);
  }
  const count = rows.length;
  if (count > feedbackPerMessageMax) {
    throw malformed(`it has ${count} labels, limit ${feedbackPerMessageMax}`);
  }
  if (predictionIds.length % predictionIdBytes !== 0) {
    throw malformed(`prediction_ids: ${predictionIds.length} bytes, not 16 for each`);
  }
  const byId = predictionIds.length / predictionIdBytes;
  const targets = byId + requestIds.length + predictionTokens.length;
  if (targets !== count) throw malformed(`it names ${targets} predictions for ${count} rows`);
  const labels: readonly (number | string)[] = numbers.length > 0 ? numbers : texts;
  if (labels.length !== count || (numbers.length > 0 && texts.length > 0)) {
    throw malformed(`it has ${numbers.length} numbers and ${texts.length} texts for ${count} rows`);
  }
  if (numbers.some((number) => !Number.isFinite(number))) throw malformed("a label is no number");
  if ([...texts, ...requestIds].some((text) => text.length > feedbackTextMax)) {
    throw malformed(`a text has more than ${feedbackTextMax} characters`);
  }
  return rows.map((row, place) => ({
    target: targetAt(message, place),
    row,
    label: labels[place] as number | string,
  }));
}

function targetAt(message: FeedbackMessage, place: number): FeedbackTarget {
  const { predictionIds, requestIds, predictionTokens } = message;
  const byId = predictionIds.length / predictionIdBytes;
  if (place < byId) {
    const start = place * predictionIdBytes;
    const id = new Uint8Array(predictionIds.subarray(start, start + predictionIdBytes));
    return { kind: "prediction", id };
  }
  const request = requestIds[place - byId];
  if (request !== undefined) return { kind: "request", id: request };
  const token = predictionTokens[place - byId - requestIds.length] ?? [];
  return { kind: "token", token: new Uint8Array(token) };
}

function encodeGroup(model: string, group: readonly Feedback[]): Uint8Array {
  const targets = group.map(({ target }) => target);
  const ids = targets.flatMap((one) => (one.kind === "prediction" ? [one.id] : []));
  const labels = group.map(({ label }) => label);
  const message = create(FeedbackMessageSchema, {
    model,
    predictionIds: joined(ids),
    requestIds: targets.flatMap((one) => (one.kind === "request" ? [one.id] : [])),
    predictionTokens: targets.flatMap((one) => (one.kind === "token" ? [one.token] : [])),
    rows: group.map(({ row }) => row),
    numbers: labels.filter((label) => typeof label === "number"),
    texts: labels.filter((label) => typeof label === "string"),
  });
  return toBinary(FeedbackMessageSchema, message);
}

function joined(ids: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(ids.length * predictionIdBytes);
  for (const [place, id] of ids.entries()) bytes.set(id, place * predictionIdBytes);
  return bytes;
}

function comesBefore({ target: one }: Feedback, { target: other }: Feedback): boolean {
  return kinds.indexOf(one.kind) < kinds.indexOf(other.kind);
}

function isNumber({ label }: Feedback): boolean {
  return typeof label === "number";
}

/** At most what it adds to a message: a character takes at most three bytes. */
function sizeOf({ target, label }: Feedback): number {
  const named = target.kind === "token" ? target.token.length : 3 * target.id.length;
  return 24 + named + (typeof label === "string" ? 3 * label.length : 0);
}

function parse(bytes: Uint8Array): FeedbackMessage {
  try {
    return fromBinary(FeedbackMessageSchema, bytes);
  } catch (error) {
    throw malformed(messageOf(error));
  }
}

function malformed(problem: string): Failure {
  return new Failure("invalid-argument", `malformed feedback message: ${problem}`);
}
