import {
  decodeToken,
  encodeToken,
  isModelName,
  type ModelRef,
  parseVersion,
} from "#core/model/name.ts";

const prefix = "sluice.prediction.";

/** The subject on which everything about one model version's predictions travels. */
export function predictionSubject(ref: ModelRef): string {
  return `${prefix}${encodeToken(ref.model)}.${ref.version}`;
}

/** The model version a subject is about; undefined where it is about none. */
export function parsePredictionSubject(subject: string): ModelRef | undefined {
  if (!subject.startsWith(prefix)) return undefined;
  const [token = "", number = "", ...rest] = subject.slice(prefix.length).split(".");
  const model = decodeToken(token);
  const version = parseVersion(number);
  if (rest.length > 0 || version === undefined || !isModelName(model)) return undefined;
  return { model, version };
}
