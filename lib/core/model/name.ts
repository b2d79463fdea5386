/** One version of one model: what a worker serves and a request is routed to. */
export type ModelRef = { readonly model: string; readonly version: number };

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const versionMax = 2 ** 31 - 1;

export function isModelName(text: string): boolean {
  return namePattern.test(text);
}

/**
 * A version number from its text: an integer from 1 to 2³¹−1 without leading zeros, else undefined.
 */
export function parseVersion(text: string): number | undefined {
  if (!/^[1-9][0-9]{0,9}$/.test(text)) return undefined;
  const version = Number(text);
  return version <= versionMax ? version : undefined;
}

/** `wine@1`, as people read and write it. */
export function formatRef(ref: ModelRef): string {
  return `${ref.model}@${ref.version}`;
}

/**
 * A model name as one token of a NATS subject or key: letters, digits, `_` and `-` stay, except
 * that `_` is doubled and every other character becomes `_` and its two hexadecimal digits, so that
 * no two names meet.
 */
export function encodeToken(name: string): string {
  return name.replace(/[^A-Za-z0-9-]/g, (char) =>
    char === "_" ? "__" : `_${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/** The inverse of `encodeToken`. */
export function decodeToken(token: string): string {
  return token.replace(/__|_([0-9a-f]{2})/g, (_, hex: string | undefined) =>
    hex === undefined ? "_" : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
