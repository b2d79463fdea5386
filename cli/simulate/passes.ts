import { assert } from "#core/assert.ts";
import { type Draw, shuffledIndexes } from "#core/random.ts";

/**
 * Endless shuffled passes over the items, of which there must be at least one: each pass has every
 * item once, in an order of its own.
 */
export function* shuffledPasses<Item>(items: readonly Item[], draw: Draw): Generator<Item, never> {
  assert(items.length > 0, "a pass over nothing would never yield");
  for (;;) for (const index of shuffledIndexes(items.length, draw)) yield items[index] as Item;
}
