import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededDraw } from "#core/random.ts";
import { PlacedHeap } from "./placed-heap.ts";
import { tooLong } from "./queue-wait.ts";
import { ServiceRate } from "./service-rate.ts";

describe("a request that would wait", () => {
  it("is taken where the wait leaves as much of its deadline again", () => {
    expect(tooLong({ ahead: 100, perMs: 1, leftMs: 200 })).toBeUndefined();
    expect(tooLong({ ahead: 101, perMs: 1, leftMs: 200 })).toEqual({
      waitMs: 101,
      waitMsMax: 100,
      retryAfterMs: 10,
    });
    expect(tooLong({ ahead: 500, perMs: 1, leftMs: 200 })?.retryAfterMs).toBe(400);
    expect(tooLong({ ahead: 1, perMs: 1, leftMs: -5 })).toBeDefined();
  });

  it("is taken with any more time and fewer ahead where it was taken before", () => {
    const wait = fc.record({
      ahead: fc.nat(10_000),
      perMs: fc.double({ min: 1e-3, max: 100, noNaN: true }),
      leftMs: fc.double({ min: -100, max: 1e5, noNaN: true }),
    });
    fc.assert(
      fc.property(wait, fc.nat(1_000), (one, more) => {
        if (tooLong(one) !== undefined) return;
        expect(tooLong({ ...one, leftMs: one.leftMs + more })).toBeUndefined();
        expect(tooLong({ ...one, ahead: Math.max(0, one.ahead - more) })).toBeUndefined();
      }),
    );
  });
});

type Call = { readonly atMs: number; readonly deadlineMs: number; place: number };
type Served = { inTime: number; late: number; readonly waitedMs: number[] };

const batchMax = 64;
const runMs = 80;
/** What one worker that always runs full batches answers. */
const peakPerMs = batchMax / runMs;
const endMs = 5_000;

/** A worker that runs what waits, earliest deadline first, in batches that all take as long. */
function simulate(options: { seed: number; load: number; timeoutMs: number[]; refuses: boolean }) {
  const draw = seededDraw(options.seed);
  const queue = new PlacedHeap<Call>({
    isBefore: (one, other) => one.deadlineMs < other.deadlineMs,
    placeOf: (call) => call.place,
    setPlace: (call, place) => {
      call.place = place;
    },
  });
  const rate = new ServiceRate();
  const served: Served = { inTime: 0, late: 0, waitedMs: [] };
  let running: Call[] = [];
  let endsMs = Number.POSITIVE_INFINITY;
  const run = (nowMs: number) => {
    running = [];
    for (let call = queue.first; call && running.length < batchMax; call = queue.first) {
      queue.delete(call);
      if (call.deadlineMs > nowMs) running.push(call);
    }
    endsMs = running.length === 0 ? Number.POSITIVE_INFINITY : nowMs + runMs;
    rate.mark(queue.size > 0 ? 1 : 0, nowMs);
  };
  const arrive = (nowMs: number, leftMs: number) => {
    const call = { atMs: nowMs, deadlineMs: nowMs + leftMs, place: -1 };
    const perMs = rate.perMs(1);
    if (options.refuses && perMs !== undefined) {
      const before = queue.items.filter((one) => one.deadlineMs <= call.deadlineMs);
      const ahead = before.length + running.length;
      if (tooLong({ ahead, perMs, leftMs }) !== undefined) return;
    }
    queue.add(call);
    if (running.length === 0) run(nowMs);
    else rate.mark(1, nowMs);
  };
  for (let nowMs = 0; nowMs < endMs; ) {
    const nextMs = nowMs - Math.log(1 - draw()) / (peakPerMs * options.load);
    for (; endsMs <= nextMs; ) {
      const endedMs = endsMs;
      for (const call of running) {
        rate.answered();
        if (endedMs > call.deadlineMs) served.late += 1;
        else served.inTime += 1;
        served.waitedMs.push(endedMs - call.atMs);
      }
      run(endedMs);
    }
    nowMs = nextMs;
    arrive(nowMs, options.timeoutMs[Math.floor(draw() * options.timeoutMs.length)] ?? 0);
  }
  return served;
}

describe("a worker at twice its capacity", () => {
  const peak = peakPerMs * endMs;

  it.each([1, 2, 3, 4, 5])(
    "answers nearly all it can in time, and no call late (seed %i)",
    (seed) => {
      const { inTime, late, waitedMs } = simulate({
        ...{ seed, load: 2, timeoutMs: [500], refuses: true },
      });
      expect(inTime / peak).toBeGreaterThan(0.95);
      expect(late / peak).toBeLessThan(0.01);
      expect(Math.max(...waitedMs)).toBeLessThan(500);
    },
  );

  it("would answer most calls late if it took them all", () => {
    const { inTime } = simulate({ seed: 1, load: 2, timeoutMs: [500], refuses: false });
    expect(inTime / peak).toBeLessThan(0.6);
  });

  it("takes calls that are in a hurry before others that can wait", () => {
    const { inTime, late } = simulate({
      ...{ seed: 6, load: 2, timeoutMs: [300, 300, 60_000], refuses: true },
    });
    expect(inTime / peak).toBeGreaterThan(0.9);
    expect(late / peak).toBeLessThan(0.02);
  });

  it("refuses nobody below its capacity", () => {
    const { inTime, late } = simulate({ seed: 7, load: 0.8, timeoutMs: [1_000], refuses: true });
    expect(late).toBe(0);
    expect(inTime / peak).toBeGreaterThan(0.78);
  });
});
