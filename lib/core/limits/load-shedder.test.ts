import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededDraw } from "#core/random.ts";
import { LoadShedder } from "./load-shedder.ts";

const turnMsMax = 20;
const connections = 8;
/** What an answer and a refusal cost the loop. */
const answerMs = 0.1;
const refusalMs = 0.02;
/** Of what can be answered at most, at twice the load: every refusal takes time of an answer. */
const best = (1 - (2 * refusalMs) / answerMs) / (1 - refusalMs / answerMs);

type Run = {
  readonly seed: number;
  readonly endMs: number;
  /** Arrivals over what can be answered, at a time; or so many callers who call when answered. */
  readonly load: ((nowMs: number) => number) | { readonly callers: number };
  /** How long a turn stands still; longer for other reasons by some factor. */
  readonly pauseMs?: (draw: number) => number;
  readonly slowness?: (draw: number) => number;
  readonly refuses?: boolean;
  readonly shedder?: LoadShedder;
  readonly startMs?: number;
};

/**
 * An event loop: a turn reads its connections one after the other, each for what came since it was
 * read the last time, and works all of it off.
 */
class Loop {
  readonly shedder: LoadShedder;
  readonly turnsMs: number[] = [];
  readonly taken: number[] = Array.from({ length: connections }, () => 0);
  refused = 0;
  refusedLastMs = 0;
  readonly #run: Run;
  readonly #draw: () => number;
  readonly #readMs: number[];
  #nowMs: number;

  constructor(run: Run) {
    this.#run = run;
    this.#draw = seededDraw(run.seed);
    this.shedder = run.shedder ?? new LoadShedder({ turnMsMax });
    this.#nowMs = run.startMs ?? 0;
    this.#readMs = this.taken.map(() => this.#nowMs);
  }

  get answered(): number {
    return this.taken.reduce((sum, taken) => sum + taken, 0);
  }

  go(): this {
    const endMs = (this.#run.startMs ?? 0) + this.#run.endMs;
    while (this.#nowMs < endMs && (this.turnsMs.at(-1) ?? 0) < 10_000) this.#turn();
    return this;
  }

  #turn(): void {
    const { pauseMs = () => 0, slowness = () => 1, refuses = true, load } = this.#run;
    const sinceMs = this.#nowMs;
    const factor = slowness(this.#draw());
    let nowMs = sinceMs + pauseMs(this.#draw());
    for (let connection = 0; connection < connections; connection += 1) {
      const waitedMs = nowMs - (this.#readMs[connection] ?? 0);
      this.#readMs[connection] = nowMs;
      const isOpen = typeof load === "function";
      const calls = isOpen
        ? this.#arrivals((waitedMs / answerMs / connections) * load(nowMs))
        : load.callers / connections;
      for (let call = 0; call < calls; call += 1) {
        // A caller who waits and is refused calls again at once.
        for (let attempt = 0; attempt < (isOpen ? 1 : 2); attempt += 1) {
          const isTaken = this.shedder.admits() || !refuses;
          nowMs += (isTaken ? answerMs : refusalMs) * factor;
          if (isTaken) this.taken[connection] = (this.taken[connection] ?? 0) + 1;
          else [this.refused, this.refusedLastMs] = [this.refused + 1, nowMs];
          if (isTaken) break;
        }
      }
    }
    this.shedder.turn({ sinceMs, nowMs });
    this.turnsMs.push(nowMs - sinceMs);
    this.#nowMs = Math.max(nowMs, sinceMs + 1);
  }

  /** Nearly as a Poisson process would have it. */
  #arrivals(expected: number): number {
    const spread = (this.#draw() + this.#draw() + this.#draw() + this.#draw() - 2) * Math.sqrt(3);
    return Math.max(0, Math.round(expected + spread * Math.sqrt(expected)));
  }
}

const run = (options: Run) => new Loop(options).go();
const capacity = (endMs: number) => endMs / answerMs;

describe("the load shedder", () => {
  it.each([1, 2, 3, 4, 5])("answers all it can at twice the load (seed %i)", (seed) => {
    const endMs = 10_000;
    const { answered, turnsMs, taken } = run({ seed, load: () => 2, endMs });
    expect(answered / capacity(endMs) / best).toBeGreaterThan(0.97);
    expect(Math.max(...turnsMs)).toBeLessThan(10 * turnMsMax);
    // Not those whose connection is read first.
    expect(Math.min(...taken) / Math.max(...taken)).toBeGreaterThan(0.9);
  });

  it("is needed: without it turns grow without bound", () => {
    const { turnsMs } = run({ seed: 1, load: () => 2, endMs: 10_000, refuses: false });
    expect(Math.max(...turnsMs)).toBeGreaterThan(1_000);
  });

  it.each([1.02, 1.1, 1.5, 3])("keeps turns short at %f times the load", (factor) => {
    const { turnsMs } = run({ seed: 1, load: () => factor, endMs: 20_000 });
    expect(Math.max(...turnsMs)).toBeLessThan(15 * turnMsMax);
  });

  it.each([1, 2, 3])("sees at once that the load has doubled (seed %i)", (seed) => {
    const load = (nowMs: number) => (nowMs < 3_000 ? 0.9 : 2);
    const { turnsMs } = run({ seed, load, endMs: 6_000 });
    expect(Math.max(...turnsMs)).toBeLessThan(10 * turnMsMax);
  });

  it.each([
    [60, 0.7, 0.001, 0],
    [60, 0.85, 0.001, 0],
    [250, 0.7, 0.000_2, 0.05],
  ])("bears pauses of %i ms at %f of the load", (longMs, factor, share, refusedMax) => {
    const { refused, answered } = run({
      ...{ seed: 1, load: () => factor, endMs: 20_000 },
      pauseMs: (draw) => (draw < share ? longMs : 0),
    });
    expect(refused / answered).toBeLessThanOrEqual(refusedMax);
  });

  it.each([
    [128, 0],
    [256, 0.5],
    [500, 0.3],
    [1_000, 0.3],
  ])("refuses none of %i callers who wait, with turns that differ by %f", (callers, differ) => {
    const { refused, answered } = run({
      ...{ seed: 1, load: { callers }, endMs: 20_000 },
      slowness: (draw) => 1 + differ * (2 * draw - 1),
    });
    expect(refused).toBe(0);
    expect(answered).toBeGreaterThan(0.8 * capacity(20_000));
  });

  it("never refuses callers who wait if there are few, whatever turns take", () => {
    const turn = fc.record({
      arrivals: fc.integer({ min: 0, max: 256 }),
      gapMs: fc.double({ min: 0, max: 2_000, noNaN: true }),
      turnMs: fc.double({ min: 0, max: 2_000, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 50 }), (turns) => {
        const shedder = new LoadShedder({ turnMsMax });
        let endedMs = 0;
        for (const { arrivals, gapMs, turnMs } of turns) {
          for (let call = 0; call < arrivals; call += 1) expect(shedder.admits()).toBe(true);
          const sinceMs = endedMs + gapMs;
          endedMs = sinceMs + turnMs;
          shedder.turn({ sinceMs, nowMs: endedMs });
        }
      }),
    );
  });

  it.each([1, 2, 3])("takes all of 128 callers soon after an overload (seed %i)", (seed) => {
    const endMs = 3_000;
    const { shedder } = run({ seed, load: () => 2, endMs });
    const startMs = endMs + 50;
    const after = run({ seed, load: { callers: 128 }, endMs, startMs, shedder });
    expect(after.refusedLastMs).toBeLessThan(startMs + 100);
    expect(shedder.isShedding(startMs + endMs)).toBe(false);
  });

  it.each([1, 2, 3])("is not misled by callers who send in bursts (seed %i)", (seed) => {
    const draw = seededDraw(seed);
    const { answered } = run({ seed, load: () => (draw() < 0.5 ? 0.2 : 3.8), endMs: 10_000 });
    expect(answered / capacity(10_000) / best).toBeGreaterThan(0.95);
  });

  it("takes everything as soon as a turn has passed without requests", () => {
    const { shedder, refused } = run({ seed: 3, load: () => 3, endMs: 2_000 });
    expect(refused).toBeGreaterThan(0);
    shedder.turn({ sinceMs: 2_100, nowMs: 2_100.1 });
    expect(Array.from({ length: 1_000 }, () => shedder.admits()).every(Boolean)).toBe(true);
  });

  it("says that it sheds until shortly after it did, though nothing more comes", () => {
    const { shedder } = run({ seed: 3, load: () => 3, endMs: 2_000 });
    expect(shedder.isShedding(2_000)).toBe(true);
    expect(shedder.isShedding(3_000)).toBe(false);
  });

  it("takes every second request of each of two callers who take turns", () => {
    const { shedder } = run({ seed: 1, load: () => 2, endMs: 2_000 });
    const taken = [0, 0];
    for (let call = 0; call < 2_000; call += 1) {
      if (shedder.admits()) taken[call % 2] = (taken[call % 2] ?? 0) + 1;
    }
    expect(Math.min(...taken) / Math.max(...taken)).toBeGreaterThan(0.95);
  });
});
