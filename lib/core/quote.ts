const quotedLengthMax = 80;

/**
 * A name somebody else chose, quoted for a message: control characters escaped, at most 80 long.
 */
export function quote(text: string): string {
  if (text.length <= quotedLengthMax) return JSON.stringify(text);
  const start = text.slice(0, quotedLengthMax - 1).toWellFormed();
  return JSON.stringify(`${start}…`);
}

/** Quoted names, the first `countMax` of them: `"a", "b" and 7 more`. */
export function quoteAll(names: readonly string[], countMax: number = 12): string {
  if (names.length === 0) return "none";
  const shown = names.slice(0, countMax).map(quote).join(", ");
  const rest = names.length - countMax;
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}
