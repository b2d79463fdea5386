import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  AlertState,
  FeatureReportSchema,
  FindingSchema,
  PeriodSchema,
  ReportSchema,
  SlidingWindowSchema,
  UnseenValueSchema,
  Verdict,
  WindowSchema,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { formatHistory } from "./drift/history-view.ts";
import { formatReports, isAlarm, type JudgedReport } from "./drift-view.ts";
import { plain } from "./output.ts";

const noon = new Date(2026, 10, 20, 12, 0, 0).getTime();
const options = { paint: plain, now: noon, featuresMax: 20 };
const historyOptions = { ...options, columns: 80, windowsMax: 20 };

function feature(name: string, verdict: Verdict, value: number) {
  return create(FeatureReportSchema, {
    ...{ name, type: "number", verdict, rowsCurrent: 600n, meanBaseline: 0, meanCurrent: 0.04761 },
    quality: name === "bmi" ? { nulls: 2n } : {},
    statistics: [{ id: "psi.q10.half", value, threshold: 0.1, floor: 0.0475, verdict }],
  });
}

const closed = create(WindowSchema, {
  ...{ startMs: BigInt(noon) - 60_000n, endMs: BigInt(noon), rows: 600n, verdict: Verdict.ALARM },
  features: [feature("age", Verdict.OK, 0.01), feature("bmi", Verdict.ALARM, 0.8123)],
  outputs: [feature("progression", Verdict.OK, 0.05)],
});

function report(init: MessageInitShape<typeof ReportSchema> = {}): JudgedReport {
  const base = { model: "diabetes", version: 1, closed };
  return { report: create(ReportSchema, { ...base, ...init }), judged: closed };
}

function unjudged(init: MessageInitShape<typeof ReportSchema>): JudgedReport {
  return { report: create(ReportSchema, { version: 1, ...init }), judged: undefined };
}

describe("a drift report", () => {
  it("lists inputs and outputs apart, the worst first, with statistic, limit and floor", () => {
    expect(formatReports([report()], options)).toBe(
      [
        "diabetes@1  alarm  11:59:00 to 12:00:00  600 rows",
        "  INPUTS  VERDICT     PSI  LIMIT   FLOOR  ROWS     MEAN  BASELINE  REMARKS",
        "  bmi     alarm    0.8123   0.10  0.0475   600  0.04761         0  2 null",
        "  age     ok       0.0100   0.10  0.0475   600  0.04761         0",
        "  OUTPUTS      VERDICT     PSI  LIMIT   FLOOR  ROWS     MEAN  BASELINE  REMARKS",
        "  progression  ok       0.0500   0.10  0.0475   600  0.04761         0",
        "",
      ].join("\n"),
    );
  });

  it("tells which alerts there are, those that fire first, and a trace to look at", () => {
    const alert = { statistic: "psi.q10.half", sinceMs: BigInt(noon), value: 0.81234 };
    const alerts = [
      { ...alert, feature: "age", state: AlertState.PENDING },
      { ...alert, feature: "bmi", state: AlertState.FIRING, traceIds: ["abcd"] },
    ];
    expect(
      formatReports([report({ alerts })], options)
        .split("\n")
        .slice(1, 3),
    ).toEqual([
      "firing   bmi  since 12:00:00  psi.q10.half 0.8123  sluice traces abcd",
      "pending  age  since 12:00:00  psi.q10.half 0.8123",
    ]);
    const retraining = { sinceMs: BigInt(noon), version: 1 };
    expect(formatReports([report({ retraining })], options).split("\n")[1]).toBe(
      "to be trained again  version 1, asked for at 12:00:00",
    );
  });

  it("tells what is wrong with the values in place of what there was", () => {
    const findings = [
      { check: "missing", rows: 40n, share: 0.0667, shareBaseline: 0.01 },
      { check: "vanished", rows: 1n, shareBaseline: 0.2 },
      { check: "constant", rows: 600n, share: 1 },
      { check: "limit", rows: 3n, share: 0.0004, least: 1 },
      { check: "domain", rows: 40n, share: 0.0667, least: 0.95 },
      { check: "cardinality", rows: 12n, share: 0.02, shareBaseline: 0.1 },
    ].map((finding) => create(FindingSchema, finding));
    const window = { ...closed, features: [{ ...feature("bmi", Verdict.OK, 0), findings }] };
    const judged = create(WindowSchema, window);
    expect(formatReports([{ ...report(), judged }], options)).toContain(
      "missing 6.7 % (1.0 %), 1 category gone, all in one bin, " +
        "limit 3 values (none allowed), domain 6.7 % (at most 5.0 %), 12 bins (60)\n",
    );
  });

  it("quotes the most frequent of the values that are new", () => {
    const values = ["Rent ", "\u001b[31m", "x", "left out"];
    const unseenValues = values.map((value, index) =>
      create(UnseenValueSchema, { value, rows: BigInt(9 - index) }),
    );
    const features = [{ ...feature("home", Verdict.OK, 0), unseenValues }];
    const judged = create(WindowSchema, { ...closed, features });
    expect(formatReports([{ ...report(), judged }], options)).toContain(
      'new: "Rent " 9, "\\u001b[31m" 8, "x" 7\n',
    );
  });

  it("says how many rows are usual where a window is out of line", () => {
    const judged = create(WindowSchema, { ...closed, rowsUsual: 1500, rowsUnusual: true });
    expect(formatReports([{ ...report(), judged }], options)).toContain("600 rows  usually 1500\n");
  });

  it("says which hour the window was compared with, or why with none", () => {
    const times = { startMs: BigInt(noon) - 86_400_000n, endMs: BigInt(noon) - 82_800_000n };
    const of = (period: MessageInitShape<typeof PeriodSchema>) =>
      formatReports(
        [
          {
            ...report(),
            judged: create(WindowSchema, { ...closed, period: create(PeriodSchema, period) }),
          },
        ],
        options,
      );
    expect(of({ ...times, rows: 4000n, used: true })).toContain(
      "\ncompared with  2026-11-19 12:00:00 to 2026-11-19 13:00:00, 4000 rows\n",
    );
    expect(of({ ...times, rows: 4n })).toContain(
      "compared with  baseline.json: 2026-11-19 12:00:00 to 2026-11-19 13:00:00 has 4 rows\n",
    );
    expect(of({ ...times, problem: "too wide" })).toContain("baseline.json: too wide\n");
  });

  it("shows the open window as provisional, and in full only while none has closed", () => {
    const times = { startMs: BigInt(noon), endMs: BigInt(noon) + 60_000n };
    const open = { ...closed, ...times, provisional: true };
    expect(formatReports([report({ open })], options)).toMatch(
      /\nsince then {2}alarm {2}12:00:00 to 12:01:00 {2}600 rows {2}provisional: bmi\n/,
    );
    const limit = create(FindingSchema, { check: "limit", rows: 1n, share: 0.1, least: 1 });
    const few = { ...open, features: [{ ...feature("age", Verdict.OK, 0), findings: [limit] }] };
    expect(formatReports([report({ open: few })], options)).toContain(
      "provisional: age limit 10.0 % (none allowed)\n",
    );
    const opening = unjudged({ model: "diabetes", open });
    expect(formatReports([opening], options)).toMatch(
      /^diabetes@1 {2}alarm.*provisional\n {2}INPUTS/,
    );
    expect(isAlarm(opening)).toBe(false);
    expect(isAlarm(report())).toBe(true);
  });

  it("says what was lost, what is wrong with the baseline and what is left out", () => {
    const text = formatReports(
      [report({ counters: { rowsLost: 3n, rowsTotal: 9n }, baselineProblem: "other file" })],
      { ...options, featuresMax: 1 },
    );
    expect(text).toContain("no drift computed: other file\n");
    expect(text).toContain("  and 1 more, calmer ones");
    expect(text.endsWith("so far  3 rows lost\n")).toBe(true);
  });

  it("draws how features went, the limit at half height, and has room for it in 80 columns", () => {
    const recent = [0.05, 0.4, 0.18, 0.1].map((value, place) =>
      create(WindowSchema, {
        ...{ startMs: BigInt(noon - (place + 1) * 60_000), endMs: BigInt(noon - place * 60_000) },
        features: [feature("bmi", value > 0.1 ? Verdict.ALARM : Verdict.OK, value)],
      }),
    );
    const lines = formatReports([{ ...report(), recent }], { ...options, columns: 80 }).split("\n");
    expect(lines.slice(1, 3)).toEqual([
      "  INPUTS  VERDICT     PSI  LIMIT  ROWS     MEAN  BASELINE  TREND  REMARKS",
      "  bmi     alarm    0.8123  0.100   600  0.04761         0  ▅██▃   2 null",
    ]);
  });

  it("shows what the latest windows say together, in a line or in full", () => {
    const window = create(WindowSchema, {
      ...{ startMs: BigInt(noon - 720_000), endMs: BigInt(noon), rows: 900n },
      ...{ verdict: Verdict.ALARM, features: [feature("bmi", Verdict.ALARM, 0.3)] },
    });
    const judged = report();
    judged.report.sliding = create(SlidingWindowSchema, { windows: 12, window });
    const line = "12 windows together  alarm  11:48:00 to 12:00:00  900 rows: bmi";
    expect(formatReports([judged], options)).toContain(line);
    const full = formatReports([{ ...judged, judged: window, isSliding: true }], options);
    expect(full).toMatch(/alarm {2}11:48:00 to 12:00:00 {2}900 rows, 12 windows together\n/);
    expect(full).not.toContain(line);
    judged.report.sliding = create(SlidingWindowSchema, { windows: 12, problem: "too large" });
    expect(formatReports([judged], options)).toContain("no windows together: too large");
  });

  it("says so when there is nothing yet", () => {
    expect(formatReports([], options)).toMatch(/nothing has been predicted/);
    expect(formatReports([unjudged({ model: "m" })], options)).toBe("m@1  no window yet\n");
  });
});

describe("the history", () => {
  it("has one line for each window with what was above its limit", () => {
    expect(formatHistory([closed], historyOptions).split("\n")[1]).toBe(
      "11:59:00  12:00:00   600  alarm    bmi 0.812",
    );
    expect(formatHistory([], historyOptions)).toMatch(/no window has closed/);
  });
});
