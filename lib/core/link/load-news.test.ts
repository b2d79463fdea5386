import { expect, test } from "vitest";
import { isLoadNews, type Load } from "./load-news.ts";

const idle: Load = { queueWaitUs: 0, inFlight: 0, batchRunUs: 4000 };

test("that requests begin to wait is news at once, everything else only after a while", () => {
  expect(isLoadNews(idle, { ...idle, queueWaitUs: 2000 }, 0)).toBe(true);
  const busy = { ...idle, queueWaitUs: 2000, inFlight: 20 };
  const busier = { ...busy, queueWaitUs: 9000 };
  expect([isLoadNews(busy, busier, 49), isLoadNews(busy, busier, 50)]).toEqual([false, true]);
});

test("small changes are none", () => {
  const busy = { queueWaitUs: 10_000, inFlight: 40, batchRunUs: 4000 };
  const changed = { queueWaitUs: 12_000, inFlight: 45, batchRunUs: 4400 };
  expect(isLoadNews(busy, changed, 1e6)).toBe(false);
  expect(isLoadNews(idle, { ...idle, inFlight: 1 }, 1e6)).toBe(false);
});

test("a run time that was learned, waiting that ended and the last reply are news", () => {
  expect(isLoadNews({ ...idle, batchRunUs: 0 }, idle, 50)).toBe(true);
  expect(isLoadNews({ ...idle, queueWaitUs: 100 }, idle, 50)).toBe(true);
  expect(isLoadNews({ ...idle, inFlight: 1 }, idle, 50)).toBe(true);
});
