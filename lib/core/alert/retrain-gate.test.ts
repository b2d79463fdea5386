import { describe, expect, it } from "vitest";
import type { WindowReport } from "../monitor/window-report.ts";
import type { PerformanceSummary } from "../performance/performance-report.ts";
import type { PerformanceReport } from "../performance/performance-windows.ts";
import type { Alert } from "./alert.ts";
import { retrainDefaults } from "./retrain.ts";
import { RetrainGate, type RetrainView } from "./retrain-gate.ts";

const settings = { ...retrainDefaults, windows: 3, cooldownMs: 10_000, timeoutMs: 20_000 };

describe("drift of an output", () => {
  it("asks for training once it has lasted, with the rows since then", () => {
    const gate = new RetrainGate(settings);
    expect(gate.consider(view({ windows: 4 }))).toBeUndefined();
    expect(gate.consider(view({ windows: 5 }))).toEqual({
      ...{ version: 2, digest: "d", timeMs: 5000, rows: 1500, startMs: 2000, endMs: 5000 },
      reason: {
        ...{ kind: "drift", side: "output", feature: "score", statistic: "psi.q10.half" },
        ...{ sinceMs: 3000, value: 0.4, threshold: 0.1, floor: 0.05, traceIds: ["ab"] },
      },
      messages: { firstSeq: 7, lastSeq: 30 },
    });
    expect(gate.open).toMatchObject({ version: 2, digest: "d", timeMs: 5000 });
  });

  it.each([
    ["an input", { side: "feature" }],
    ["an alert that is clearing", { state: { kind: "clearing", clean: 1 } }],
    ["an alert that is pending", { state: { kind: "pending", above: [true] } }],
  ] as const)("does not ask for %s", (_what, of) => {
    expect(new RetrainGate(settings).consider(view({ windows: 9, alert: of }))).toBeUndefined();
  });

  it("does not ask with too few rows, or where drift is no reason", () => {
    const lasting = view({ windows: 5 });
    expect(new RetrainGate({ ...settings, rowsMin: 1501 }).consider(lasting)).toBeUndefined();
    expect(new RetrainGate({ ...settings, windows: undefined }).consider(lasting)).toBeUndefined();
  });
});

describe("live performance", () => {
  const metrics = [{ metric: "mae", min: undefined, max: 3 }];

  it("asks for training by the newest window with labels enough", () => {
    const gate = new RetrainGate({ ...settings, windows: undefined, metrics });
    const windows = [performance(10, 9), performance(1200, 3.5), performance(5000, 1)];
    expect(gate.consider(view({ windows: 1, performance: windows }))).toMatchObject({
      reason: { kind: "performance", metric: "mae", value: 3.5, max: 3, labelled: 1200 },
      ...{ startMs: 0, endMs: 60_000, rows: 2400, timeMs: 1000, messages: undefined },
    });
  });

  it("does not ask within the limit, or without a value", () => {
    const gate = new RetrainGate({ ...settings, metrics });
    for (const value of [3, undefined]) {
      const windows = [performance(1200, value)];
      expect(gate.consider(view({ windows: 1, performance: windows }))).toBeUndefined();
    }
  });
});

describe("one request at a time", () => {
  it("waits for another model, then for the cooldown", () => {
    const gate = asked();
    gate.saw(2, "d");
    gate.saw(1, "older");
    expect(gate.open).toBeDefined();
    expect(gate.consider(view({ windows: 16 }))).toBeUndefined();
    gate.saw(2, "e");
    expect(gate.open).toBeUndefined();
    expect(gate.consider(view({ windows: 14 }))).toBeUndefined();
    expect(gate.consider(view({ windows: 15 }))).toBeDefined();
  });

  it("takes a later version for another model", () => {
    const gate = asked();
    gate.saw(3, "d");
    expect(gate.open).toBeUndefined();
  });

  it("gives a request up at its timeout", () => {
    const gate = asked();
    expect(gate.consider(view({ windows: 24 }))).toBeUndefined();
    expect(gate.consider(view({ windows: 25 }))).toBeDefined();
  });

  it("goes on from what was saved", () => {
    const gate = new RetrainGate(settings, structuredClone(asked().state()));
    expect(gate.consider(view({ windows: 16 }))).toBeUndefined();
    expect(gate.open).toBeDefined();
  });
});

/** With a request at the fifth second. */
function asked(): RetrainGate {
  const gate = new RetrainGate(settings);
  expect(gate.consider(view({ windows: 5 }))).toBeDefined();
  return gate;
}

/** Of seconds with 500 rows each; the alert fires since the end of the third. */
function view(of: {
  readonly windows: number;
  readonly alert?: Partial<Alert>;
  readonly performance?: readonly PerformanceReport[];
}): RetrainView {
  const windows = Array.from({ length: of.windows }, (_, second) => ({
    ...{ startMs: second * 1000, endMs: second * 1000 + 1000, rows: 500 },
  })).reverse() as unknown as WindowReport[];
  const alert: Alert = {
    ...{ side: "output", feature: "score", statistic: "psi.q10.half", state: { kind: "firing" } },
    ...{ sinceMs: 3000, sinceSeq: 7 },
    evidence: {
      ...{ value: 0.4, threshold: 0.1, floor: 0.05, startMs: 4000, endMs: 5000, rows: 500 },
      ...{ traceIds: ["ab"], messages: { firstSeq: 20, lastSeq: 30 }, digest: "d", baseline: "b" },
    },
    ...of.alert,
  };
  const performance = { windowMs: 60_000, windows: of.performance ?? [] } as PerformanceSummary;
  return { version: 2, digest: "d", alerts: [alert], windows, performance };
}

function performance(labelled: number, mae: number | undefined): PerformanceReport {
  return {
    ...{ startMs: 0, rows: 2400, labelled, coverage: 0.5, lags: [], estimate: undefined },
    metrics: { rows: labelled, mae, rmse: mae, r2: 0, meanError: 0 },
  };
}
