import { quote } from "#core/quote.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads values out of parsed JSON and remembers everything that is not as it should be, by its
 * place. What is wrong is answered with something harmless of the right type: look at `problems`
 * before using any of it.
 */
export class JsonReader {
  readonly #problems: string[] = [];

  get problems(): readonly string[] {
    return this.#problems;
  }

  problem(place: string, text: string): void {
    this.#problems.push(`${place}: ${text}`);
  }

  object(value: unknown, place: string): JsonObject {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as JsonObject;
    }
    this.#expected("an object", value, place);
    return {};
  }

  list(value: unknown, place: string): readonly unknown[] {
    if (Array.isArray(value)) return value;
    this.#expected("a list", value, place);
    return [];
  }

  text(value: unknown, place: string): string {
    if (typeof value === "string" && value !== "") return value;
    this.#expected("a text", value, place);
    return "";
  }

  /** An integer from 0 on that a double holds exactly. */
  count(value: unknown, place: string): number {
    if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
    this.#expected("a count", value, place);
    return 0;
  }

  number(value: unknown, place: string): number {
    if (typeof value === "number" && Number.isFinite(value)) return value;
    this.#expected("a number", value, place);
    return 0;
  }

  #expected(what: string, value: unknown, place: string): void {
    const got = value === undefined ? "nothing" : quote(JSON.stringify(value) ?? typeof value);
    this.problem(place, `expected ${what}, got ${got}`);
  }
}
