import { expect, it } from "vitest";
import { makeEvent, sampleDefinition } from "../../../test/support/prediction-events.ts";
import type { Schema } from "../drift/constraints.ts";
import { VersionWatch } from "./version-watch.ts";

const options = { windowMs: 1000, graceMs: 500, thresholds: {} };

it("counts rows without a column as missing, where there has to be one", () => {
  expect(findings(new Map([["x", { required: true }]]))).toMatchObject([
    { check: "absent", rows: 2, share: 0.4, least: 1 },
    { check: "missing", rows: 2 },
  ]);
  expect(findings(new Map([["x", { completeness: 0.5 }]]))).toMatchObject([{ check: "missing" }]);
  expect(findings(new Map())).toEqual([]);
});

function findings(schema: Schema) {
  const watch = new VersionWatch(1, sampleDefinition("one", schema), options);
  const there = makeEvent({ of: [{ id: 1, x: [-0.5, 0.1, 0.5] }] });
  const lacking = makeEvent({ seq: 2, rowsTotal: 5, of: [{ id: 2, x: [0, 0] }] });
  watch.apply(there, { nowMs: 0, seq: 1 });
  const columns = lacking.columns.filter(({ kind }) => kind === "output");
  watch.apply({ ...lacking, columns }, { nowMs: 0, seq: 2 });
  return watch.openWindow()?.features[0]?.findings;
}
