import { Failure, messageOf } from "#core/failure.ts";
import { type JsonObject, JsonReader } from "./json-reader.ts";

const problemsMax = 8;

/**
 * Reads the text of a JSON file that is an object. Fails with `invalid-argument`, naming up to
 * eight of the problems by their place.
 */
export function readJsonFile<T>(
  text: string,
  name: string,
  read: (root: JsonObject, reader: JsonReader) => T,
): T {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw invalid(name, [messageOf(error)]);
  }
  const reader = new JsonReader();
  const value = read(reader.object(parsed, name), reader);
  if (reader.problems.length > 0) throw invalid(name, reader.problems);
  return value;
}

function invalid(name: string, problems: readonly string[]): Failure {
  const shown = problems.slice(0, problemsMax).join("; ");
  const rest = problems.length - problemsMax;
  const more = rest > 0 ? `; and ${rest} more` : "";
  return new Failure("invalid-argument", `${name} cannot be used: ${shown}${more}`);
}
