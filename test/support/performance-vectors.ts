import { readFileSync } from "node:fs";

/** The cases of a file that `test/vectors/performance/make.py` wrote. */
export function performanceVectors<Case>(name: string): Case[] {
  const file = new URL(`../vectors/performance/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")).cases;
}

/** Asked of every number: within 1e-9 of the reference, relative to what is larger than one. */
export function distance(found: number | undefined, expected: number): number {
  return Math.abs((found ?? Number.NaN) - expected) / Math.max(1, Math.abs(expected));
}

/** Values, and where river finds changes in them: as it is by default, and set to be eager. */
export type DetectorStream = {
  readonly name: string;
  readonly values: readonly number[];
  readonly adwin: readonly number[];
  readonly adwinEager: readonly number[];
  readonly pageHinkley: readonly number[];
  readonly pageHinkleyEager: readonly number[];
};
