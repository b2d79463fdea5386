import { describe, expect, it } from "vitest";
import { filledPane, sampleReference } from "../../../test/support/filled-pane.ts";
import { evenly } from "../../../test/support/prediction-events.ts";
import { emptySpan, histogramsOfSpan, hourMs, hourOf, spanBytes, withPane } from "./span-counts.ts";

const reference = sampleReference();
const of = { startMs: 0, reference };

describe("an hour", () => {
  it("begins with the clock's", () => {
    expect([0, hourMs - 1, hourMs, -1].map(hourOf)).toEqual([0, 0, hourMs, -hourMs]);
  });

  it("has exactly what its windows counted, in the same cells", () => {
    const values = [evenly(100), [...evenly(30), Number.NaN, 1e9, Number.POSITIVE_INFINITY]];
    const windows = values.map((each) => filledPane({ ...of, values: each }));
    const hour = windows.reduce((sum, pane) => withPane(sum, pane), emptySpan(reference, 0));
    expect(hour.rows).toBe(133);
    const [x, label] = reference.features.map((feature) => feature.empty());
    if (x?.type !== "number") throw new Error("x is a number");
    for (const pane of windows) {
      const state = pane.histogram("feature", 0)?.state();
      if (state?.type === "number") x.merge(state);
    }
    expect(label).toBeUndefined();
    const [counted, labels] = histogramsOfSpan(hour, reference);
    expect(counted?.state()).toEqual(x.state());
    expect(labels?.coarse()).toEqual(Float64Array.from([0, 133, 0]));
  });

  it("has what broke constraints in its windows", () => {
    const declared = sampleReference(new Map([["x", { min: 0, integral: true }]]));
    const values = [-1, 0.5, 0, 1];
    const pane = filledPane({ startMs: 0, reference: declared, values });
    const twice = [pane, pane].reduce((sum, each) => withPane(sum, each), emptySpan(declared, 0));
    const [x] = histogramsOfSpan(twice, declared);
    expect(x).toMatchObject({ beyond: 2, fractions: 2, binned: 8 });
  });

  it("takes four bytes a count and eight a sum", () => {
    const [x, label] = [...reference.features, ...reference.outputs].map(({ cells }) => cells);
    const counts = (x?.counts ?? 0) + (label?.counts ?? 0);
    expect(spanBytes(reference)).toBe(counts * 4 + (x?.sums ?? 0) * 8 + 2 * 6 * 8);
  });

  it("counts on with eight bytes where four do not hold its rows", () => {
    const full = { ...emptySpan(reference, 0), rows: 2 ** 32 - 5 };
    full.counts.fill(2 ** 32 - 1);
    const more = withPane(full, filledPane({ ...of, values: evenly(10) }));
    expect(more.counts).toBeInstanceOf(Float64Array);
    const added = Array.from(more.counts, (count) => count - (2 ** 32 - 1));
    expect(added.reduce((sum, count) => sum + count, 0)).toBe(20);
  });
});
