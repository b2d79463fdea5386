import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ServiceRate } from "./service-rate.ts";

/** Workers that answer a batch every so often while requests wait, until `untilMs`. */
function busy(
  rate: ServiceRate,
  run: { workers: number; batch: number; runMs: number; fromMs: number; untilMs: number },
): void {
  rate.mark(run.workers, run.fromMs);
  for (let nowMs = run.fromMs + run.runMs; nowMs <= run.untilMs; nowMs += run.runMs) {
    for (let answer = 0; answer < run.batch; answer += 1) rate.answered();
    rate.mark(run.workers, nowMs);
  }
}

describe("the service rate", () => {
  it("is not known before there were answers enough", () => {
    const rate = new ServiceRate();
    expect(rate.perMs(1)).toBeUndefined();
    busy(rate, { workers: 1, batch: 1, runMs: 10, fromMs: 0, untilMs: 100 });
    expect(rate.perMs(1)).toBeUndefined();
  });

  it("is what workers answer while requests wait, whatever their batches", () => {
    const runs = fc.record({
      workers: fc.integer({ min: 1, max: 16 }),
      batch: fc.integer({ min: 4, max: 64 }),
      runMs: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(runs, ({ workers, batch, runMs }) => {
        const rate = new ServiceRate();
        busy(rate, { workers, batch, runMs, fromMs: 5, untilMs: 10_000 });
        const expected = batch / runMs;
        const perMs = rate.perMs(workers) ?? 0;
        expect(perMs).toBeGreaterThan(expected * 0.95);
        expect(perMs).toBeLessThan(expected * 1.05);
        expect(rate.perMs(2 * workers)).toBeCloseTo(2 * perMs, 9);
      }),
    );
  });

  it("does not count time in which nobody waited", () => {
    const rate = new ServiceRate();
    busy(rate, { workers: 1, batch: 10, runMs: 10, fromMs: 0, untilMs: 1_000 });
    rate.mark(0, 1_000);
    rate.answered();
    busy(rate, { workers: 1, batch: 10, runMs: 10, fromMs: 900_000, untilMs: 901_000 });
    expect(rate.perMs(1)).toBeCloseTo(1, 1);
  });

  it("follows workers that become slower", () => {
    const rate = new ServiceRate();
    busy(rate, { workers: 1, batch: 10, runMs: 10, fromMs: 0, untilMs: 10_000 });
    busy(rate, { workers: 1, batch: 10, runMs: 100, fromMs: 10_000, untilMs: 20_000 });
    expect(rate.perMs(1)).toBeCloseTo(0.1, 1);
  });

  it("is known to be low where next to nothing is answered", () => {
    const rate = new ServiceRate();
    busy(rate, { workers: 1, batch: 1, runMs: 3_000, fromMs: 0, untilMs: 9_000 });
    expect(rate.perMs(1)).toBeLessThan(1 / 1_000);
  });

  it("is not known while nobody waits", () => {
    const rate = new ServiceRate();
    busy(rate, { workers: 1, batch: 10, runMs: 10, fromMs: 0, untilMs: 1_000 });
    rate.mark(0, 1_000);
    expect(rate.perMs(1)).toBeUndefined();
  });
});
