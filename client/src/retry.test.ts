import fc from "fast-check";
import { expect, it } from "vitest";
import { SluiceError } from "./error.ts";
import { backoffMs, decideRetry, isPassing, RetryBudget, retryDefaults } from "./retry.ts";

const unavailable = new SluiceError("unavailable", "gone");
const failed = { error: unavailable, attempt: 1, leftMs: 10_000, isElsewhere: false, draw: 0 };

it("waits twice as long each time, up to the maximum, and jitters by half", () => {
  const waits = [1, 2, 3, 4, 5, 6, 40].map((attempt) => backoffMs(retryDefaults, attempt, 0));
  expect(waits).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000]);
  expect(backoffMs(retryDefaults, 1, 0.5)).toBe(75);
});

it("goes to another address at once", () => {
  expect(decideRetry(retryDefaults, { ...failed, isElsewhere: true })).toEqual({
    kind: "retry",
    afterMs: 0,
  });
});

it("never comes back earlier than the server wishes", () => {
  const error = new SluiceError("unavailable", "stopping", { retryAfterMs: 500 });
  const decision = decideRetry(retryDefaults, { ...failed, error, isElsewhere: true });
  expect(decision).toEqual({ kind: "retry", afterMs: 500 });
});

it("gives up after the last attempt, and beyond the deadline", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(3_000), (attempt, leftMs) => {
      const decision = decideRetry(retryDefaults, { ...failed, attempt, leftMs });
      if (attempt >= 6) expect(decision.kind).toBe("give-up");
      if (decision.kind === "retry") expect(decision.afterMs).toBeLessThan(leftMs);
    }),
  );
});

it("takes a refusal for passing only where the server says when to come back", () => {
  expect(isPassing(unavailable)).toBe(true);
  expect(isPassing(new SluiceError("resource-exhausted", "full"))).toBe(false);
  expect(isPassing(new SluiceError("resource-exhausted", "full", { retryAfterMs: 1 }))).toBe(true);
  expect(isPassing(new SluiceError("deadline-exceeded", "late"))).toBe(false);
  expect(isPassing(new SluiceError("internal", "bug"))).toBe(false);
});

it("affords no retries that success has not paid for", () => {
  const budget = new RetryBudget();
  let retries = 0;
  while (budget.take()) retries += 1;
  expect(retries).toBe(500);
  for (let success = 0; success < 6; success++) budget.succeeded();
  expect([budget.take(), budget.take()]).toEqual([true, false]);
});
