import { expect, it } from "vitest";
import { Failure, messageOf } from "./failure.ts";

it("keeps a failure as it is", () => {
  const failure = new Failure("not-found", "no model x");
  expect(Failure.from(failure)).toBe(failure);
});

it("takes anything else for an internal failure and keeps the cause", () => {
  const cause = new TypeError("odd");
  const failure = Failure.from(cause);
  expect(failure).toMatchObject({ code: "internal", message: "odd", cause });
});

it("reads a message from what is not an error", () => {
  expect(messageOf("plain")).toBe("plain");
});
