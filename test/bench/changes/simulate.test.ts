import { expect, it } from "vitest";
import { delayOf, falseChanges, sources } from "./simulate.ts";

/** A part of what `npm run bench:changes` simulates; the seed makes it always the same part. */
const halfDay = 172_800;

it("half a day of each signal without a change has one at most", () => {
  const changes = sources.map((source) => falseChanges(source, 1, halfDay));
  expect(changes).toHaveLength(15);
  expect(changes.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(1);
});

it.each([
  { shift: 0.5, within: 320 },
  { shift: 1, within: 96 },
])("a shift of $shift σ is told within $within messages, nearly always", ({ shift, within }) => {
  const delays = Array.from({ length: 40 }, (_, run) => delayOf(shift, run + 1, 5000));
  expect(delays.filter((delay) => delay <= within).length).toBeGreaterThanOrEqual(36);
});
