import { describe, expect, it } from "vitest";
import { seededDraw } from "../random.ts";
import { describeCategory, describeNumber } from "./baseline.ts";
import { prepareFeature } from "./comparison.ts";
import { judgeFeature, worstVerdict } from "./verdict.ts";

const draw = seededDraw(1);
const baseline = prepareFeature(
  describeNumber({ name: "x", dtype: "FP64", values: Array.from({ length: 2000 }, draw) }),
);

describe("judgeFeature", () => {
  it("finds nothing where nothing has changed", () => {
    const report = judge(Array.from({ length: 500 }, draw));
    expect(report).toMatchObject({ verdict: "ok", rowsBaseline: 2000, rowsCurrent: 500 });
    expect(report.statistics[0]).toMatchObject({ id: "psi.q10.half", threshold: 0.1 });
    expect(report.meanCurrent).toBeCloseTo(0.5, 1);
  });

  it("raises the alarm when values move", () => {
    const report = judge(Array.from({ length: 500 }, () => draw() + 0.3));
    expect(report.verdict).toBe("alarm");
    expect(report.statistics[0]?.verdict).toBe("alarm");
  });

  it("takes the model's own threshold", () => {
    const moved = Array.from({ length: 500 }, () => draw() + 0.3);
    expect(judge(moved, { psi: 50 }).verdict).toBe("warn");
    expect(judge(moved, { w1: 0.1 }).statistics).toContainEqual(
      expect.objectContaining({ id: "w1.q64", threshold: 0.1, verdict: "alarm" }),
    );
  });

  it("warns where another statistic than the stability index finds drift", () => {
    // All moved by a fifth of a standard deviation, which the index does not count for much.
    const bell = () => Array.from({ length: 12 }, draw).reduce((sum, value) => sum + value, 0);
    const values = Array.from({ length: 4000 }, bell);
    const feature = prepareFeature(describeNumber({ name: "x", dtype: "FP64", values }));
    const report = judge(
      values.map((value) => value + 0.2),
      {},
      feature,
    );
    expect(report.verdict).toBe("warn");
    const verdicts = report.statistics.map(({ id, verdict }) => [id, verdict]);
    expect(verdicts[0]).toEqual(["psi.q10.half", "ok"]);
    expect(verdicts).toContainEqual(["w1sd.q64", "alarm"]);
  });

  it("has chi-square's critical value for a threshold, and none for a distance with a unit", () => {
    const { statistics } = judge(Array.from({ length: 500 }, draw));
    const [chi2, w1] = ["chi2.q10", "w1.q64"].map((id) =>
      statistics.find((each) => each.id === id),
    );
    expect(chi2?.threshold).toBeCloseTo(27.877, 3);
    expect(chi2?.floor).toBe(chi2?.threshold);
    expect(w1).toMatchObject({ threshold: undefined, floor: undefined, verdict: "ok" });
  });

  it("says when a window is too small, and shows the number all the same", () => {
    const report = judge(Array.from({ length: 99 }, draw));
    expect(report.verdict).toBe("insufficient");
    expect(new Set(report.statistics.map(({ verdict }) => verdict))).toEqual(
      new Set(["insufficient"]),
    );
  });

  it("has no statistic without values", () => {
    expect(judge([Number.NaN])).toMatchObject({
      verdict: "insufficient",
      statistics: [],
      meanCurrent: undefined,
      quality: { nans: 1 },
    });
  });

  it("raises the alarm when categories appear that the baseline has not seen", () => {
    const values = Array.from({ length: 400 }, (_, row) => (row % 4 === 0 ? "a" : "b"));
    const feature = prepareFeature(describeCategory({ name: "c", dtype: "BYTES", values }));
    const live = feature.empty();
    if (live.type !== "category") throw new Error("expected a category");
    const codes = Uint32Array.from({ length: 400 }, (_, row) => row % 3);
    const rows = Uint32Array.from(codes.keys());
    live.add({ dictionary: ["a", "b", "new"], codes }, new Uint8Array(0), rows);
    const report = judgeFeature(feature, live, {});
    expect(report.verdict).toBe("alarm");
    expect(report.quality.unseen).toBe(133);
    expect(report.statistics[0]?.id).toBe("psi.cat.half");
  });
});

it.each([
  [["ok", "alarm", "insufficient"], "alarm"],
  [["ok", "warn"], "warn"],
  [["insufficient", "ok"], "ok"],
  [["insufficient"], "insufficient"],
  [[], "insufficient"],
] as const)("takes the worst of %j", (verdicts, worst) => {
  expect(worstVerdict(verdicts)).toBe(worst);
});

function judge(values: readonly number[], thresholds = {}, feature = baseline) {
  const live = feature.empty();
  if (live.type !== "number") throw new Error("expected a number");
  const rows = Uint32Array.from(values.keys());
  live.add(Float64Array.from(values), new Uint8Array(0), rows);
  return judgeFeature(feature, live, thresholds);
}
