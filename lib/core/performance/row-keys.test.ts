import { expect, it } from "vitest";
import { predictionKey, requestKey } from "./row-keys.ts";

it("tells rows, predictions and requests apart", () => {
  const ids = Uint8Array.from({ length: 48 }, (_, at) => at * 7);
  const keys = [0, 1, 2].flatMap((index) =>
    [0, 1, 9].flatMap((row) => [predictionKey(ids, index, row), requestKey(`r${index}`, row)]),
  );
  expect(new Set(keys.map(({ low, high }) => `${low} ${high}`)).size).toBe(keys.length);
  expect(predictionKey(ids.subarray(16), 0, 1)).toEqual(predictionKey(ids, 1, 1));
});
