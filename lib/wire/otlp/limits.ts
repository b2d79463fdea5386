/** What one span may bring, so that no sender fills the store with a few of them. */
export const attributesMax = 128;
export const eventsMax = 128;
export const linksMax = 128;
export const textCharsMax = 4096;

/** A part of a string can keep the whole in memory; one made from bytes stands alone. */
export function cut(text: string): string {
  if (text.length <= textCharsMax) return text;
  return new TextDecoder().decode(new TextEncoder().encode(text.slice(0, textCharsMax)));
}
