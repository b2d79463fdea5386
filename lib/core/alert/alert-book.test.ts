import { describe, expect, it } from "vitest";
import type { FeatureReport, Verdict } from "../drift/verdict.ts";
import type { WindowReport } from "../monitor/window-report.ts";
import { AlertBook, type WindowContext } from "./alert-book.ts";

const context: WindowContext = {
  traceIds: ["ab"],
  messages: { firstSeq: 3, lastSeq: 9 },
  digest: "d",
  baseline: "b",
};

describe("observe", () => {
  it("says nothing of one window in alarm, and of the second that it fires", () => {
    const book = new AlertBook(4);
    book.observe(window(1, { x: 0.5 }), context);
    expect(book.alerts).toMatchObject([
      { feature: "x", state: { kind: "pending" }, sinceMs: 2000 },
    ]);
    expect(book.takeChanges()).toEqual([]);
    book.observe(window(2, { x: 0.6 }), context);
    expect(book.takeChanges()).toEqual([
      {
        version: 4,
        side: "feature",
        feature: "x",
        statistic: "psi.q10.half",
        from: "pending",
        to: "firing",
        cause: "window",
        evidence: {
          ...{ value: 0.6, threshold: 0.1, floor: 0.05, rows: 500 },
          ...{ startMs: 2000, endMs: 3000 },
          ...context,
        },
      },
    ]);
    expect(book.takeChanges()).toEqual([]);
  });

  it("ends after three clean windows", () => {
    const book = firing();
    for (const second of [3, 4, 5]) book.observe(window(second, { x: 0.01 }), context);
    expect(book.takeChanges()).toMatchObject([
      { from: "firing", to: "clearing" },
      { from: "clearing", to: "ok", evidence: { endMs: 6000, value: 0.01 } },
    ]);
    expect(book.alerts).toEqual([]);
  });

  it("keeps what has fired when windows have too few rows or none of the feature", () => {
    const book = firing();
    book.observe(window(3, { x: 0.01 }, "insufficient"), context);
    book.observe(window(4, {}), context);
    expect(book.takeChanges()).toEqual([]);
    expect(book.alerts).toMatchObject([{ state: { kind: "firing" }, evidence: { endMs: 3000 } }]);
  });

  it("keeps the traces of an earlier window where a later one has none", () => {
    const book = firing();
    book.observe(window(3, { x: 0.5 }), { ...context, traceIds: [] });
    expect(book.alerts[0]?.evidence).toMatchObject({ endMs: 4000, traceIds: ["ab"] });
  });

  it("forgets what was pending and calmed down", () => {
    const book = new AlertBook(1);
    book.observe(window(1, { x: 0.5 }), context);
    for (const second of [2, 3]) book.observe(window(second, { x: 0.01 }), context);
    expect(book.alerts).toEqual([]);
    expect(book.takeChanges()).toEqual([]);
  });
});

it("goes on from what was saved", () => {
  const saved = structuredClone(firing().alerts);
  const book = new AlertBook(1, saved);
  for (const second of [3, 4, 5]) book.observe(window(second, { x: 0 }), context);
  expect(book.takeChanges().map(({ to }) => to)).toEqual(["clearing", "ok"]);
});

it("ends everything with another baseline", () => {
  const book = firing();
  book.observe(window(3, { x: 0.5, y: 0.5 }), context);
  book.reset("baseline");
  expect(book.takeChanges()).toMatchObject([{ feature: "x", to: "ok", cause: "baseline" }]);
  expect(book.alerts).toEqual([]);
});

it("ends what nothing has been heard of", () => {
  const book = firing();
  book.expire(3000);
  expect(book.alerts).toHaveLength(1);
  book.expire(3001);
  expect(book.takeChanges()).toMatchObject([{ feature: "x", to: "ok", cause: "silence" }]);
});

function firing(): AlertBook {
  const book = new AlertBook(1);
  for (const second of [1, 2]) book.observe(window(second, { x: 0.5 }), context);
  book.takeChanges();
  return book;
}

function window(
  second: number,
  values: Readonly<Record<string, number>>,
  verdict?: Verdict,
): WindowReport {
  const features = Object.entries(values).map(([name, value]) =>
    feature(name, value, verdict ?? (value > 0.1 ? "alarm" : "ok")),
  );
  return {
    startMs: second * 1000,
    endMs: second * 1000 + 1000,
    rows: 500,
    verdict: "ok",
    provisional: false,
    revised: false,
    features,
    outputs: [],
  };
}

function feature(name: string, value: number, verdict: Verdict): FeatureReport {
  return {
    name,
    type: "number",
    rowsBaseline: 1000,
    rowsCurrent: 500,
    verdict,
    quality: { nulls: 0, nans: 0, posInf: 0, negInf: 0, typeErrors: 0, unseen: 0 },
    findings: [],
    statistics: [{ id: "psi.q10.half", value, threshold: 0.1, floor: 0.05, verdict }],
    pValue: undefined,
    pAdjusted: undefined,
    meanBaseline: 0,
    meanCurrent: 0,
  };
}
