import fc from "fast-check";
import { expect, it } from "vitest";
import { ageMsMax, deliveryOf, isForPeople } from "./delivery.ts";

const first = { attempt: 1, ageMs: 0, draw: 0 };

it("is done with any 2xx, however old the event", () => {
  for (const status of [200, 202, 204, 299]) {
    const done = deliveryOf({ ...first, ageMs: 2 * ageMsMax, answer: { status } });
    expect(done).toEqual({ kind: "delivered" });
  }
});

it.each([400, 401, 404, 410, 422, 499])("gives an event up that is refused with %d", (status) => {
  const refused = deliveryOf({ ...first, answer: { status } });
  expect(refused).toEqual({ kind: "given-up", why: "refused" });
});

it.each([undefined, 302, 408, 425, 429, 500, 503])("tries again after %s", (status) => {
  expect(deliveryOf({ ...first, answer: { status } })).toEqual({ kind: "again", waitMs: 1000 });
});

it("waits twice as long each time, up to five minutes", () => {
  const waits = [1, 2, 3, 8, 9, 10, 99].map((attempt) => {
    const next = deliveryOf({ ...first, attempt, answer: { status: 503 } });
    return next.kind === "again" ? next.waitMs : undefined;
  });
  expect(waits).toEqual([1000, 2000, 4000, 128_000, 256_000, 300_000, 300_000]);
});

it("waits as long as it is asked to, up to an hour", () => {
  const waitOf = (retryAfterMs: number) =>
    deliveryOf({ ...first, answer: { status: 429, retryAfterMs } });
  expect(waitOf(0)).toEqual({ kind: "again", waitMs: 1000 });
  expect(waitOf(30_000)).toEqual({ kind: "again", waitMs: 30_000 });
  expect(waitOf(1e9)).toEqual({ kind: "again", waitMs: 3_600_000 });
});

it("never waits for a try that would come after a day", () => {
  const tries = fc.record({
    attempt: fc.integer({ min: 1, max: 1000 }),
    ageMs: fc.integer({ min: 0, max: 2 * ageMsMax }),
    draw: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    answer: fc.record({
      status: fc.option(fc.integer({ min: 100, max: 599 }), { nil: undefined }),
      retryAfterMs: fc.option(fc.integer({ min: -1, max: 1e9 }), { nil: undefined }),
    }),
  });
  fc.assert(
    fc.property(tries, (tried) => {
      const next = deliveryOf(tried);
      if (next.kind === "again") {
        expect(next.waitMs).toBeGreaterThanOrEqual(500);
        expect(tried.ageMs + next.waitMs).toBeLessThanOrEqual(ageMsMax);
      }
    }),
  );
});

it("tells people when an alert begins and ends, and nothing between", () => {
  expect(isForPeople({ from: "pending", to: "firing" })).toBe(true);
  expect(isForPeople({ from: "ok", to: "firing" })).toBe(true);
  expect(isForPeople({ from: "firing", to: "clearing" })).toBe(false);
  expect(isForPeople({ from: "clearing", to: "firing" })).toBe(false);
  expect(isForPeople({ from: "clearing", to: "ok" })).toBe(true);
  expect(isForPeople({ from: "firing", to: "ok" })).toBe(true);
});
