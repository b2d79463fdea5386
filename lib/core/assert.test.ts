import { expect, it } from "vitest";
import { assert, InvariantError, unreachable } from "./assert.ts";

it("lets a claim that holds pass", () => {
  expect(() => assert(1 < 2, "order")).not.toThrow();
});

it("crashes on a claim that does not hold", () => {
  expect(() => assert(false, "rows must match")).toThrow(new InvariantError("rows must match"));
});

it("names the value no switch expected", () => {
  expect(() => unreachable({ kind: "new" } as never)).toThrow('unreachable: {"kind":"new"}');
});
