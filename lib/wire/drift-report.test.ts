import { create, toBinary, toJson } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { ModelWatch } from "#core/monitor/model-watch.ts";
import { AlertState, ReportSchema } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { evenly, makeEvent, sampleDefinition } from "../../test/support/prediction-events.ts";
import { toReportMessage } from "./drift-report.ts";

it("tells everything a report says", () => {
  const options = { model: "wine", windowMs: 1000, graceMs: 0, thresholds: {} };
  const watch = new ModelWatch(options, new Map([[1, sampleDefinition()]]));
  const event = makeEvent({ of: [{ id: 1, x: [...evenly(300), Number.NaN] }], rowsTotal: 400 });
  watch.apply({ timeMs: 5, seq: 1, version: 1, body: { kind: "event", event } });
  const next = makeEvent({ of: [{ id: 2, timeMs: 1500 }], seq: 2, rowsTotal: 401 });
  watch.apply({ timeMs: 1500, seq: 2, version: 1, body: { kind: "event", event: next } });
  const report = watch.report(1);
  if (report === undefined) throw new Error("the version has a report");
  const message = create(ReportSchema, toReportMessage(report));
  expect(toJson(ReportSchema, message)).toMatchObject({
    model: "wine",
    version: 1,
    digest: "d".repeat(64),
    baselineRows: "1000",
    windowMs: 1000,
    closed: {
      endMs: "1000",
      rows: "301",
      verdict: "VERDICT_OK",
      features: [
        {
          name: "x",
          type: "number",
          rowsBaseline: "1000",
          rowsCurrent: "300",
          quality: { nans: "1" },
          statistics: expect.arrayContaining([
            expect.objectContaining({
              ...{ id: "psi.q10.half", threshold: 0.1, verdict: "VERDICT_OK" },
            }),
            // Neither threshold nor floor: it has a unit.
            { id: "w1.q64", value: expect.closeTo(0, 2), verdict: "VERDICT_OK" },
          ]),
          meanBaseline: expect.closeTo(0, 2),
        },
      ],
      outputs: [
        {
          ...{ name: "label", type: "category", rowsCurrent: "301" },
          ...{ distinct: "2", distinctExpected: expect.closeTo(2, 6) },
        },
      ],
    },
    open: { startMs: "1000", rows: "1", provisional: true, verdict: "VERDICT_INSUFFICIENT" },
    counters: { rowsTotal: "401", rowsIncluded: "302", rowsLost: "99", messages: "2" },
    monitorTimeMs: "1500",
  });
});

it("tells which alerts are not calm, with their evidence", () => {
  const options = { model: "wine", windowMs: 1000, graceMs: 0, thresholds: {} };
  const watch = new ModelWatch(options, new Map([[1, sampleDefinition()]]));
  const x = evenly(300).map((value) => value + 0.5);
  for (const seq of [1, 2, 3]) {
    const timeMs = seq * 1000;
    const event = makeEvent({ of: [{ id: seq, timeMs, x }], seq, rowsTotal: 300 * seq });
    watch.apply({ timeMs, seq, version: 1, body: { kind: "event", event } });
  }
  const report = watch.report(1);
  if (report === undefined) throw new Error("the version has a report");
  const { alerts } = create(ReportSchema, toReportMessage(report));
  expect(alerts).toMatchObject([
    {
      ...{ side: "feature", feature: "x", statistic: "psi.q10.half", state: AlertState.FIRING },
      ...{ sinceMs: 3000n, startMs: 2000n, endMs: 3000n, rows: 300n, threshold: 0.1 },
      ...{ value: report.closed?.features[0]?.statistics[0]?.value, traceIds: [] },
    },
    { side: "output", feature: "label", state: AlertState.FIRING },
  ]);
});

it("tells which levels have changed", () => {
  const report = new ModelWatch(
    { model: "wine", windowMs: 1000, graceMs: 0, thresholds: {} },
    new Map([[1, sampleDefinition()]]),
  ).report(1);
  if (report === undefined) throw new Error("the version is defined");
  const change = { signal: "score", name: "p", detector: "adwin", before: 1, after: 2 } as const;
  const points = [{ ...change, timeMs: 1234.5, seq: 7 }];
  const told = toReportMessage({ ...report, changes: points });
  const { changes } = create(ReportSchema, told);
  expect(changes).toMatchObject([{ ...change, timeMs: 1234n, seq: 7n }]);
});

it("leaves out the windows that there are not", () => {
  const options = { model: "wine", windowMs: 1000, graceMs: 0, thresholds: {} };
  const report = new ModelWatch(options, new Map([[1, sampleDefinition()]])).report(1);
  if (report === undefined) throw new Error("the version is defined");
  const message = create(ReportSchema, toReportMessage(report));
  expect([message.closed, message.open]).toEqual([undefined, undefined]);
});

it("can be told whatever producers claim to have answered", () => {
  const options = { model: "wine", windowMs: 1000, graceMs: 0, thresholds: {} };
  const watch = new ModelWatch(options, new Map([[1, sampleDefinition()]]));
  for (let producer = 0; producer < 3000; producer += 1) {
    const end = { producer: `p${producer}`, answered: Number.MAX_SAFE_INTEGER, gateway: "g" };
    watch.apply({ timeMs: 1, seq: 1, version: 1, body: { kind: "producer-end", end } });
  }
  const report = watch.report(1);
  if (report === undefined) throw new Error("the version has a report");
  const message = create(ReportSchema, toReportMessage(report));
  expect(toBinary(ReportSchema, message).length).toBeGreaterThan(0);
  expect(message.counters?.rowsLost).toBe(BigInt(Number.MAX_SAFE_INTEGER));
});

it("tells which hour a window was compared with", () => {
  const hourMs = 3_600_000;
  const options = { model: "wine", windowMs: 1000, graceMs: 0, thresholds: {}, periodHours: 1 };
  const watch = new ModelWatch(options, new Map([[1, sampleDefinition()]]));
  for (const [place, timeMs] of [0, 2000, 4000, hourMs, hourMs + 2000].entries()) {
    const seq = place + 1;
    const of = [{ id: seq, timeMs, x: evenly(200) }];
    const event = makeEvent({ of, seq, rowsTotal: 200 * seq });
    watch.apply({ timeMs, seq, version: 1, body: { kind: "event", event } });
  }
  const report = watch.report(1);
  if (report === undefined) throw new Error("the version has a report");
  expect(toJson(ReportSchema, create(ReportSchema, toReportMessage(report)))).toMatchObject({
    closed: {
      startMs: `${hourMs}`,
      period: { endMs: `${hourMs}`, rows: "600", used: true },
      features: [{ rowsBaseline: "600", ofPeriod: true }],
    },
  });
});
