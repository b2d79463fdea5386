import { describe, expect, it } from "vitest";
import { Failure } from "#core/failure.ts";
import { exitCodeOf, Unreachable, UsageError } from "./exit-code.ts";

describe("exit codes", () => {
  it("tells bad usage, an absent server and everything else apart", () => {
    expect(exitCodeOf(new UsageError("what?"))).toBe(2);
    expect(exitCodeOf(new Unreachable("nobody there", undefined))).toBe(3);
    expect(exitCodeOf(new Failure("unavailable", "not ready"))).toBe(1);
    expect(exitCodeOf(new Error("broken"))).toBe(1);
  });
});
