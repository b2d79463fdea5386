import { expect, it } from "vitest";
import { fromHex } from "./hex.ts";
import { formatPredictionId, predictionId, predictionIdOf } from "./prediction-id.ts";

it("is the example of RFC 9562", () => {
  const random = fromHex("0000000000000cc318c4dc0c0c07398f") ?? new Uint8Array();
  const id = predictionId(1_645_557_742_000, random);
  expect(formatPredictionId(id)).toBe("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
});

it("says version 7 and the variant whatever is drawn", () => {
  for (const value of [0x00, 0xff]) {
    const text = formatPredictionId(predictionId(0, new Uint8Array(16).fill(value)));
    expect(text).toMatch(/^00000000-0000-7[0f]{3}-[89ab][0f]{3}-[0f]{12}$/);
  }
});

it("sorts by time", () => {
  const random = new Uint8Array(16).fill(0xff);
  const later = new Uint8Array(16);
  const times = [0, 1, 2 ** 32 - 1, 2 ** 32, 1_800_000_000_000];
  const texts = times.map((ms, at) =>
    formatPredictionId(predictionId(ms, (at % 2 ? later : random).slice())),
  );
  expect(texts.toSorted()).toEqual(texts);
});

it("makes the same UUIDv8 of the same hash", () => {
  const hash = new Uint8Array(32).fill(0xff);
  expect(formatPredictionId(predictionIdOf(hash))).toBe("ffffffff-ffff-8fff-bfff-ffffffffffff");
});
