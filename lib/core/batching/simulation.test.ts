import { expect, test } from "vitest";
import { type Draw, seededDraw } from "../random.ts";
import { Batcher, type BatcherOptions } from "./batcher.ts";

type Asked = { readonly id: number; readonly arrivesMs: number; readonly deadlineMs: number };
type Outcome = { readonly inTime: number; readonly late: number; readonly givenUp: number };

const options: BatcherOptions = {
  rowsMax: 16,
  rowsPreferred: [],
  queueDelayMs: 0,
  queueRowsMax: 0,
  queueTimeoutMs: 0,
  priorityLevels: 0,
  together: true,
};

type RunMs = (rows: number) => number;

/** Capacity is 16 rows in 10 ms. */
const runMs: RunMs = (rows) => 2 + rows / 2;

/** Deadlines are between so much and six times as much away. */
function traffic(count: number, perMs: number, draw: Draw, leastMs = 12): Asked[] {
  let now = 0;
  return Array.from({ length: count }, (_, id) => {
    now += -Math.log(1 - draw()) / perMs;
    return { id, arrivesMs: now, deadlineMs: now + leastMs * (1 + 5 * draw()) };
  });
}

/** One thread, a clock that jumps from one event to the next, and every request of one row. */
function play(
  asked: readonly Asked[],
  drawn: Partial<BatcherOptions> = {},
  take: RunMs = runMs,
): Outcome {
  const batcher = new Batcher<Asked>({ ...options, ...drawn });
  const counts = { inTime: 0, late: 0, givenUp: 0 };
  let now = 0;
  let arrived = 0;
  while (arrived < asked.length || batcher.waiting > 0) {
    for (let next = asked[arrived]; next !== undefined; next = asked[arrived]) {
      if (next.arrivesMs > now) break;
      const { deadlineMs } = next;
      const offer = { key: "k", rows: 1, deadlineMs, priority: 0, alone: false, value: next };
      batcher.offer(offer, now);
      arrived += 1;
    }
    const next = batcher.next(now);
    counts.givenUp += next.expired.length;
    if (next.kind === "batch") {
      const tookMs = take(next.batch.rows);
      now += tookMs;
      batcher.ran(next.batch, tookMs, now);
      for (const { deadlineMs } of next.batch.members) {
        if (deadlineMs < now) counts.late += 1;
        else counts.inTime += 1;
      }
      continue;
    }
    const untilMs = next.kind === "wait" ? next.untilMs : Infinity;
    now = Math.min(untilMs, asked[arrived]?.arrivesMs ?? untilMs);
  }
  return counts;
}

/** The same thread, which takes what came first and does not look at deadlines. */
function playInOrder(asked: readonly Asked[]): Outcome {
  const counts = { inTime: 0, late: 0, givenUp: 0 };
  let now = 0;
  for (let at = 0; at < asked.length; ) {
    now = Math.max(now, asked[at]?.arrivesMs ?? now);
    const batch = asked.slice(at, at + 16).filter(({ arrivesMs }) => arrivesMs <= now);
    at += batch.length;
    now += runMs(batch.length);
    for (const { deadlineMs } of batch) {
      if (deadlineMs < now) counts.late += 1;
      else counts.inTime += 1;
    }
  }
  return counts;
}

test.each([1, 2, 3, 4, 5])(
  "keeps its deadlines and its throughput under overload, seed %i",
  (seed) => {
    const asked = traffic(4000, 3.2, seededDraw(seed));
    const { inTime, late, givenUp } = play(asked);
    expect(inTime + late + givenUp).toBe(asked.length);
    // Only while it learns how long runs take does it run anything for nothing.
    expect(late).toBeLessThan(asked.length / 100);
    const capacity = ((asked.at(-1)?.arrivesMs ?? 0) / runMs(16)) * 16;
    expect(inTime).toBeGreaterThan(0.9 * capacity);
    expect(playInOrder(asked).inTime).toBeLessThan(0.2 * inTime);
  },
);

test.each([1, 2, 3])("meets every deadline when there is time, delay or not, seed %i", (seed) => {
  const asked = traffic(2000, 0.8, seededDraw(seed));
  for (const queueDelayMs of [0, 30]) {
    const { inTime, late, givenUp } = play(asked, { queueDelayMs });
    expect(inTime + late + givenUp).toBe(asked.length);
    expect(late + givenUp).toBeLessThan(asked.length / 100);
  }
});

test.each([1, 2, 3])("keeps it where runs vary and a full one takes too long, seed %i", (seed) => {
  const draw = seededDraw(seed);
  const perRowMs = 10;
  const asked = traffic(2000, 2 / perRowMs, draw, 100);
  const { inTime, late, givenUp } = play(asked, { rowsMax: 64 }, (rows) => {
    return (3 + perRowMs * rows) * (0.7 + 0.6 * draw());
  });
  expect(inTime + late + givenUp).toBe(asked.length);
  const capacity = (asked.at(-1)?.arrivesMs ?? 0) / perRowMs;
  expect(inTime).toBeGreaterThan(0.85 * capacity);
  expect(late).toBeLessThan(asked.length / 20);
});
