import { describe, expect, it } from "vitest";
import { Failure } from "#core/failure.ts";
import { describeError } from "./shell.ts";

describe("an error", () => {
  it("is one line, whatever its message holds", () => {
    const error = new Failure("not-found", "no model\n  here\n");
    expect(describeError(error, false)).toBe("sluice: no model here\n");
    expect(describeError(error, true)).toBe(
      '{"error":{"code":"not-found","message":"no model here"}}\n',
    );
    expect(describeError("odd", true)).toBe('{"error":{"code":"internal","message":"odd"}}\n');
  });
});
