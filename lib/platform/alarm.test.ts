import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Alarm } from "./alarm.ts";
import { monotonicMs } from "./clock.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

it("goes off once, at the first of the moments it was set to", () => {
  let rung = 0;
  const alarm = new Alarm(() => {
    rung += 1;
  });
  const now = monotonicMs();
  for (const afterMs of [Number.POSITIVE_INFINITY, 50, 20.5, 90]) alarm.setAt(now + afterMs);
  vi.advanceTimersByTime(20);
  expect(rung).toBe(0);
  vi.advanceTimersByTime(1_000);
  expect(rung).toBe(1);
});

it("can be set again while it goes off, and to what is further away than a timer can be", () => {
  let rung = 0;
  const dueMs = monotonicMs() + 2 ** 33;
  const alarm = new Alarm(() => {
    rung += 1;
    if (monotonicMs() < dueMs) alarm.setAt(dueMs);
  });
  alarm.setAt(dueMs);
  vi.advanceTimersByTime(2 ** 33 - 1);
  expect(rung).toBe(4);
  vi.advanceTimersByTime(1);
  expect([rung, vi.getTimerCount()]).toEqual([5, 0]);
});

it("goes off no more when it is cleared, until it is set again", () => {
  let rung = 0;
  const alarm = new Alarm(() => {
    rung += 1;
  });
  alarm.setAt(monotonicMs() + 10);
  alarm.clear();
  vi.advanceTimersByTime(100);
  expect(rung).toBe(0);
  alarm.setAt(monotonicMs());
  vi.advanceTimersByTime(1);
  expect(rung).toBe(1);
});
