import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { contingencyOf } from "./contingency.ts";
import { pValueOf } from "./homogeneity.ts";

type Case = {
  readonly baseline: readonly number[];
  readonly current: readonly number[];
  readonly statistics: { readonly pValue: number };
};

const path = new URL("../../../test/vectors/drift/statistics.json", import.meta.url);
const { counts }: { counts: Case[] } = JSON.parse(readFileSync(path, "utf8"));

it.each(counts)("has scipy's p-value of $baseline and $current", (each) => {
  const { baseline, current, statistics } = each;
  const table = contingencyOf(Float64Array.from(baseline), Float64Array.from(current));
  expect(Math.abs(pValueOf(table) - statistics.pValue)).toBeLessThan(1e-9);
});
