import { Failure } from "#core/failure.ts";

/** The environment as a flat table; what is empty counts as absent. */
export type Env = Readonly<Record<string, string | undefined>>;

/**
 * Reads settings by name and type and remembers everything that is wrong, so that all problems are
 * reported together: call `finish()` after the last one.
 */
export class SettingsReader {
  readonly #env: Env;
  readonly #problems: string[] = [];

  constructor(env: Env) {
    this.#env = env;
  }

  text(name: string, fallback: string): string {
    return this.#value(name) ?? fallback;
  }

  optionalText(name: string): string | undefined {
    return this.#value(name);
  }

  requiredText(name: string): string {
    const value = this.#value(name);
    if (value === undefined) this.problem(`${name} is not set`);
    return value ?? "";
  }

  integer(name: string, fallback: number, range: { min: number; max: number }): number {
    const text = this.#value(name);
    if (text === undefined) return fallback;
    const value = /^-?[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= range.min && value <= range.max) return value;
    this.problem(`${name} must be an integer from ${range.min} to ${range.max}, not "${text}"`);
    return fallback;
  }

  /** A TCP port; 0 asks for a free one. */
  port(name: string, fallback: number): number {
    return this.integer(name, fallback, { min: 0, max: 65_535 });
  }

  flag(name: string, fallback: boolean): boolean {
    const text = this.#value(name);
    if (text === undefined) return fallback;
    if (["1", "true", "yes", "on"].includes(text)) return true;
    if (["0", "false", "no", "off"].includes(text)) return false;
    this.problem(`${name} must be true or false, not "${text}"`);
    return fallback;
  }

  /** Adds a problem of the caller's own to the report. */
  problem(text: string): void {
    this.#problems.push(text);
  }

  /** Throws one failure that lists every problem found. */
  finish(): void {
    if (this.#problems.length === 0) return;
    throw new Failure("invalid-argument", this.#problems.join("; "));
  }

  #value(name: string): string | undefined {
    const value = this.#env[name]?.trim();
    return value === undefined || value === "" ? undefined : value;
  }
}
