import { Failure } from "#core/failure.ts";

/** Code that reads bytes nobody vouches for. */
export type FuzzTarget = {
  readonly name: string;
  /** Valid bytes to start from. */
  readonly seeds: readonly Uint8Array[];
  /**
   * Reads bytes. A Failure is an answer; anything else that it throws is a finding, as is an
   * `Disagreement` with the generated code.
   */
  readonly read: (bytes: Uint8Array) => void;
};

/** Two readers of the same bytes say different things. */
export class Disagreement extends Error {
  override readonly name = "Disagreement";
}

/** What a reader says: what it made of the bytes, or that it takes them for nothing. */
export function verdictOf<T>(read: () => T): { readonly value: T } | { readonly refused: string } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof Failure) return { refused: error.message };
    throw error;
  }
}

/** Throws unless everything that `ours` holds is in `theirs`; numbers may be bigints there. */
export function requireSame(ours: unknown, theirs: unknown, where: string = "it"): void {
  if (typeof ours === "number" || typeof ours === "bigint") {
    if (Object.is(Number(ours), Number(theirs))) return;
  } else if (ours instanceof Uint8Array && theirs instanceof Uint8Array) {
    if (Buffer.compare(ours, theirs) === 0) return;
  } else if (Array.isArray(ours) && Array.isArray(theirs)) {
    if (ours.length === theirs.length) {
      for (const [index, one] of ours.entries())
        requireSame(one, theirs[index], `${where}[${index}]`);
      return;
    }
  } else if (isRecord(ours) && isRecord(theirs)) {
    for (const key of Object.keys(ours)) requireSame(ours[key], theirs[key], `${where}.${key}`);
    return;
  } else if (Object.is(ours, theirs)) {
    return;
  }
  throw new Disagreement(`${where}: ${show(ours)} here, ${show(theirs)} there`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value);
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, one) => (typeof one === "bigint" ? `${one}n` : one));
  return String(text).slice(0, 200);
}
