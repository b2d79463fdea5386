import { expect, it } from "vitest";
import { filledPane, sampleReference } from "../../../test/support/filled-pane.ts";
import { evenly } from "../../../test/support/prediction-events.ts";
import { ClosedWindows } from "./closed-windows.ts";

const reference = sampleReference();
const judged = { reference, cells: "one" };
const options = { windowMs: 1000, thresholds: {} };
const shifted = evenly(200).map((value) => value / 4 + 0.75);

it("reports windows, raises alerts and keeps both through a restart", () => {
  const windows = new ClosedWindows(1, options, judged);
  for (const startMs of [0, 1000, 2000]) {
    const pane = filledPane({ startMs, reference, values: shifted });
    const due = windows.close([pane], { closed: [pane], digest: "d", nowMs: startMs + 1000 });
    expect(due).toMatchObject([{ startMs, verdict: "alarm" }]);
  }
  expect(windows.alerts.alerts[0]).toMatchObject({ feature: "x", state: { kind: "firing" } });
  expect(windows.history.newestFirst.map(({ startMs }) => startMs)).toEqual([2000, 1000, 0]);
  const saved = {
    alerts: windows.alerts.alerts,
    history: windows.history.newestFirst.toReversed(),
    hours: { past: undefined, current: undefined },
  };
  const restored = new ClosedWindows(1, options, judged, structuredClone(saved));
  expect(restored.alerts.alerts).toEqual(windows.alerts.alerts);
  restored.redefine({ reference, cells: "two" });
  expect(restored.alerts.alerts).toEqual([]);
  expect(restored.alerts.takeChanges()).toContainEqual(
    expect.objectContaining({ feature: "x", to: "ok", cause: "baseline" }),
  );
});

it("does not alert on windows of long ago", () => {
  const windows = new ClosedWindows(1, options, judged);
  for (const startMs of [0, 1000, 2000]) {
    const pane = filledPane({ startMs, reference, values: shifted });
    windows.close([pane], { closed: [pane], digest: "d", nowMs: startMs + 90_000 });
  }
  expect(windows.alerts.alerts).toEqual([]);
});
