import { describe, expect, it } from "vitest";
import { formatCount, formatDuration, formatNumber, formatPercent, formatTime } from "./format.ts";

describe("numbers for people", () => {
  it.each([
    [0, "0"],
    [192.26552318171528, "192.266"],
    [0.0361, "0.0361"],
    [-0.00012345678, "-0.000123457"],
    [123456.789, "123457"],
    [1e-9, "1e-9"],
    [Number.NaN, "NaN"],
  ])("%d is shown as %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it.each([
    [3, "3 µs"],
    [1234, "1.23 ms"],
    [56_780, "56.8 ms"],
    [2_000_000, "2.00 s"],
    [180_000_000, "3.00 min"],
  ])("%d microseconds are shown as %s", (us, text) => {
    expect(formatDuration(us)).toBe(text);
  });

  it("shows shares and counts", () => {
    expect(formatPercent(0.98629)).toBe("98.6 %");
    expect([formatCount(1n, "row"), formatCount(2, "row")]).toEqual(["1 row", "2 rows"]);
  });
});

describe("times", () => {
  it("have a date only on another day", () => {
    const now = new Date(2026, 10, 20, 18, 0, 0).getTime();
    expect(formatTime(new Date(2026, 10, 20, 9, 5, 7).getTime(), now)).toBe("09:05:07");
    expect(formatTime(new Date(2026, 0, 2, 9, 5, 7).getTime(), now)).toBe("2026-01-02 09:05:07");
  });
});
