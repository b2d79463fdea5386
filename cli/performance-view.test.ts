import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { PerformanceSchema } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { plain } from "./output.ts";
import { formatPerformance } from "./performance-view.ts";

const now = new Date(2026, 0, 1, 15).getTime();
const options = { paint: plain, now };
const hour = 3_600_000;

function window(startMs: number | undefined, labelled: number) {
  return {
    ...(startMs === undefined ? {} : { startMs: BigInt(startMs) }),
    rows: 10n,
    labelled: BigInt(labelled),
    coverage: labelled / 10,
    lags: [0n, 0n, BigInt(labelled)],
    metrics: [
      {
        id: "accuracy",
        ...(labelled > 0 ? { value: 0.75 } : {}),
        estimate: { value: 0.81234, low: 0.7, high: 0.9 },
      },
      { id: "log_loss", ...(labelled > 0 ? { value: 1.5 } : {}) },
      { id: "auc" },
    ],
  };
}

it("shows what labels say beside what is estimated without", () => {
  const performance = create(PerformanceSchema, {
    ...{ task: "classification", target: "label", classes: ["no", "yes"] },
    labels: { matched: 4n, unknown: 2n },
    total: window(undefined, 4),
    windows: [window(now - hour, 0), window(now - 2 * hour, 4)],
  });
  expect(formatPerformance(performance, options)).toBe(
    [
      "  performance  classification of label, yes is positive; 40.0 % of the rows labelled, " +
        "half of them within 1 min",
      "  PREDICTED                 ROWS  LABELLED          ACCURACY  LOG LOSS",
      "  all                         10         4              0.75       1.5",
      "  all, estimated              10         -  0.8123 (0.7–0.9)         -",
      "  from 14:00:00, estimated    10         -  0.8123 (0.7–0.9)         -",
      "  from 13:00:00               10         4              0.75       1.5",
      "  from 13:00:00, estimated    10         -  0.8123 (0.7–0.9)         -",
      "  labels  4 rows labelled, 2 of unknown rows",
      "",
    ].join("\n"),
  );
});

it("says nothing where nothing is known", () => {
  expect(formatPerformance(undefined, options)).toBe("");
  const labels = { waiting: 0n };
  expect(formatPerformance(create(PerformanceSchema, { labels }), options)).toBe("");
  const waiting = create(PerformanceSchema, { labels: { waiting: 3n } });
  expect(formatPerformance(waiting, options)).toBe("  labels  3 waiting for their rows\n");
});
