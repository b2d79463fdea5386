import { expect, it } from "vitest";
import { predictionId } from "../prediction-id.ts";
import { seededDraw } from "../random.ts";
import { hashRowInto } from "./row-hash.ts";

it("tells the rows of predictions apart that were made in the same millisecond", () => {
  const draw = seededDraw(1);
  const seen = new Set<string>();
  for (let index = 0; index < 500; index += 1) {
    const random = Uint8Array.from({ length: 16 }, () => Math.floor(draw() * 256));
    const predictionIds = predictionId(1_700_000_000_000, random);
    for (let row = 0; row < 100; row += 1) seen.add(hash(predictionIds, 0, row));
  }
  expect(seen.size).toBe(50_000);
});

it("depends on the request's own bytes alone", () => {
  const ids = Uint8Array.from({ length: 32 }, (_, index) => index);
  expect(hash(ids, 1, 7)).toBe(hash(ids.subarray(16), 0, 7));
  expect(hash(ids, 1, 7)).not.toBe(hash(ids, 0, 7));
});

function hash(predictionIds: Uint8Array, index: number, row: number): string {
  const target = { low: 0, high: 0 };
  hashRowInto(target, { predictionIds, index }, row);
  return `${target.low} ${target.high}`;
}
