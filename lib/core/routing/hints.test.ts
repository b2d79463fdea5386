import { expect, it } from "vitest";
import { Hints } from "./hints.ts";

function connected(): Hints {
  const hints = new Hints();
  hints.setConnected(true, 0);
  return hints;
}

it("forgets whom nobody has spoken for in six seconds", () => {
  const hints = connected();
  hints.seen("a", false, 1_000);
  hints.seen("b", false, 4_000);
  expect(hints.takeStale(7_000)).toEqual([]);
  expect(hints.takeStale(7_001)).toEqual(["a"]);
  expect(hints.takeStale(7_001)).toEqual([]);
});

it("gives what was there before we watched six seconds to change", () => {
  const hints = new Hints();
  hints.setConnected(true, 10_000);
  hints.seen("old", true, 10_500);
  expect(hints.takeStale(16_000)).toEqual([]);
  expect(hints.takeStale(16_001)).toEqual(["old"]);
});

it("does not let anybody age while there is no connection", () => {
  const hints = connected();
  hints.seen("a", false, 100);
  hints.setConnected(false, 1_000);
  expect(hints.takeStale(1_000_000)).toEqual([]);
  hints.setConnected(true, 1_000_000);
  hints.seen("a", true, 1_000_001);
  expect(hints.takeStale(1_006_000)).toEqual([]);
  expect(hints.takeStale(1_006_001)).toEqual(["a"]);
});

it("forgets who took their hint back", () => {
  const hints = connected();
  hints.seen("a", false, 0);
  hints.gone("a");
  expect(hints.takeStale(100_000)).toEqual([]);
});
