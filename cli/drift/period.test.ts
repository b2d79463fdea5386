import { describe, expect, it } from "vitest";
import { UsageError } from "../exit-code.ts";
import { parsePeriod } from "./period.ts";

const now = Date.parse("2026-11-26T12:00:00Z");
const hourMs = 3_600_000;

describe("a period", () => {
  it.each([
    ["24h", undefined, now - 24 * hourMs, now],
    ["1.5h", "30m", now - 1.5 * hourMs, now - hourMs / 2],
    ["7d", "1d", now - 168 * hourMs, now - 24 * hourMs],
    ["1w", "90s", now - 168 * hourMs, now - 90_000],
    ["2026-11-26T08:00:00Z", "2026-11-26T12:00:00+01:00", now - 4 * hourMs, now - hourMs],
    ["2026-11-26T08:00:00.5Z", "2027-01-01T00:00:00Z", now - 4 * hourMs + 500, now],
  ])("from %s to %s is read", (since, until, sinceMs, untilMs) => {
    expect(parsePeriod({ since, until }, now)).toEqual({ sinceMs, untilMs });
  });

  it.each([
    ["yesterday", undefined, "--since must be a time like 2026-11-25T08:00:00Z, or a duration"],
    ["2026-11-26", undefined, "--since must be a time"],
    ["2026-13-26T08:00:00Z", undefined, "--since must be a time"],
    ["1h", "never", "--until must be a time"],
    ["1h", "2h", "--since 1h is not before --until 2h"],
    ["2026-11-26T12:00:00Z", undefined, "is not in the past"],
  ])("from %s to %s is refused", (since, until, problem) => {
    expect(() => parsePeriod({ since, until }, now)).toThrow(UsageError);
    expect(() => parsePeriod({ since, until }, now)).toThrow(problem);
  });
});
