import { expect, it } from "vitest";
import { isSameHours, savedVersions } from "./model-state.ts";
import { ModelWatch } from "./model-watch.ts";

it("gives each version its windows and hours, also of what was saved without any", () => {
  const watch = new ModelWatch({ model: "wine", windowMs: 1000, graceMs: 0, thresholds: {} });
  for (const version of [1, 2]) {
    const body = { kind: "malformed", problem: "" } as const;
    watch.apply({ timeMs: 1, seq: version, version, body });
  }
  const past = { cells: "c", hours: [] };
  const [one, two] = savedVersions({
    state: watch.state(),
    history: watch.history(),
    hours: [{ version: 2, past }],
  });
  expect(one).toMatchObject({ state: { version: 1 }, history: [], pastHours: undefined });
  expect(two).toMatchObject({ state: { version: 2 }, history: [], pastHours: past });
  const [older] = savedVersions({ state: watch.state(), history: [] });
  expect(older).toMatchObject({ history: [], pastHours: undefined });
});

it("tells lists of hours that are the same from others", () => {
  const hours = [{ version: 1, past: { cells: "c", hours: [] } }];
  expect(isSameHours(hours, structuredClone(hours))).toBe(false);
  expect(isSameHours(hours, [...hours])).toBe(true);
  expect(isSameHours(hours, [])).toBe(false);
  expect(isSameHours([], [])).toBe(true);
});
