import { describe, expect, it } from "vitest";
import { plain } from "../../cli/output.ts";
import type { Figure, Measured } from "./figure.ts";
import { formatOutcome, reportOf } from "./report.ts";

const common = { unit: "ratio", goal: 3, about: "", measure: () => Promise.reject(new Error()) };
const high: Figure = { ...common, name: "high", better: "higher" };
const low: Figure = { ...common, name: "low", better: "lower" };

function measured(...values: number[]): Measured {
  return { kind: "measured", values, note: "so it was" };
}

describe("the report of a figure", () => {
  it("gives the median with the least and the most", () => {
    const { report } = reportOf(high, measured(5, 1, 9, 3));
    expect(report).toMatchObject({ name: "high", value: 4, min: 1, max: 9, goal: 3 });
  });

  it.each([
    { figure: high, value: 3, verdict: "pass" },
    { figure: high, value: 2.9, verdict: "short" },
    { figure: low, value: 3, verdict: "pass" },
    { figure: low, value: 3.1, verdict: "short" },
  ])("says $verdict for $value where $figure.better than 3 is good", (example) => {
    expect(reportOf(example.figure, measured(example.value)).verdict).toBe(example.verdict);
  });

  it("never passes what the generator may have limited", () => {
    const doubt = "client-bound: it reaches 5 k/s";
    const { report, verdict } = reportOf(high, { ...measured(99), doubt } as Measured);
    expect(verdict).toBe("doubtful");
    expect(report.note).toBe("client-bound: it reaches 5 k/s; so it was");
  });

  it("says why there is no number", () => {
    const outcome = reportOf(high, { kind: "not-measurable", reason: "nobody serves it" });
    expect(outcome).toMatchObject({ verdict: "none", report: { value: null, min: null } });
    expect(formatOutcome(outcome, plain)).toMatch(/high +– .*none\n +nobody serves it\n$/s);
  });
});
