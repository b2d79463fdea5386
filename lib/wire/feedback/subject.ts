import { decodeToken, encodeToken, isModelName } from "#core/model/name.ts";

const prefix = "sluice.feedback.";

/** The subject on which labels of a model's predictions travel. */
export function feedbackSubject(model: string): string {
  return `${prefix}${encodeToken(model)}`;
}

/** The model a subject is about; undefined where it is about none. */
export function parseFeedbackSubject(subject: string): string | undefined {
  if (!subject.startsWith(prefix)) return undefined;
  const model = decodeToken(subject.slice(prefix.length));
  return isModelName(model) ? model : undefined;
}
