import { create, toJson } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { performanceDefaults } from "#core/performance/performance-settings.ts";
import { PerformanceWatch } from "#core/performance/performance-watch.ts";
import { PerformanceSchema } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { makeEvent, sampleId } from "../../test/support/prediction-events.ts";
import { toPerformanceMessage } from "./performance-report.ts";

const classes = ["positive", "negative"];
const settings = { ...performanceDefaults, classes };

function tell(watch: PerformanceWatch) {
  return toJson(
    PerformanceSchema,
    create(PerformanceSchema, toPerformanceMessage(watch.report(1))),
  );
}

it("tells everything that labels say", () => {
  const watch = new PerformanceWatch({ settings, declared: [] });
  watch.addEvent(makeEvent({ of: [{ id: 1, x: [-1, 1] }] }), 1_000);
  const target = { kind: "prediction", id: sampleId(1) } as const;
  const feedback = [{ target, row: 0, label: "negative" }];
  watch.addFeedback({ seq: 1, timeMs: 2_000, feedback });
  const metrics = expect.arrayContaining([{ id: "accuracy", value: 1 }, { id: "auc" }]);
  const window = { rows: "2", labelled: "1", coverage: 0.5, metrics };
  expect(tell(watch)).toMatchObject({
    ...{ task: "classification", target: "label", classes },
    ...{ windowMs: "3600000", horizonMs: "604800000" },
    labels: { matched: "1", rowsKnown: "2" },
    total: { ...window, lags: ["0", "1", "0", "0", "0", "0", "0", "0", "0"] },
    windows: [{ ...window, startMs: "0" }],
  });
});

it("tells what is estimated, and why nothing is compared", () => {
  const values = { kind: "numbers", data: Float64Array.of(0.75) } as const;
  const nulls = new Uint8Array(0);
  const scores = classes.map((name) => ({
    ...{ name: `p.${name}`, kind: "output" as const, dtype: "FP64" as const, nulls, values },
  }));
  const watch = new PerformanceWatch({ settings, declared: [] });
  const { columns, ...event } = makeEvent({});
  watch.addEvent({ ...event, columns: [...columns, ...scores] }, 1_000);
  const estimate = { value: expect.closeTo(0.25), high: 1 };
  const metrics = expect.arrayContaining([{ id: "accuracy", estimate }]);
  expect(tell(watch)).toMatchObject({ total: { metrics } });
  const none = new PerformanceWatch({ settings: { ...settings, task: "none" }, declared: [] });
  none.addEvent(makeEvent({}), 1_000);
  expect(tell(none)).toMatchObject({ problem: "monitoring.performance.task is none" });
});
