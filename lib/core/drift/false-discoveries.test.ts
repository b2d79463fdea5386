import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { adjustPValues } from "./false-discoveries.ts";

type Case = { readonly pValues: number[]; readonly adjusted: number[] };

const path = new URL("../../../test/vectors/drift/statistics.json", import.meta.url);
const { discoveries }: { discoveries: Case[] } = JSON.parse(readFileSync(path, "utf8"));

it.each(discoveries)("adjusts $pValues as scipy does", ({ pValues, adjusted }) => {
  const found = adjustPValues(pValues);
  expect(found).toHaveLength(adjusted.length);
  for (const [index, each] of found.entries()) expect(each).toBeCloseTo(adjusted[index] ?? -1, 12);
});
