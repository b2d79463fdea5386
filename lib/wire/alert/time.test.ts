import { expect, it } from "vitest";
import { toTime } from "./time.ts";

it("has milliseconds and UTC", () => {
  expect(toTime(1_700_000_000_120)).toBe("2023-11-14T22:13:20.120Z");
});
