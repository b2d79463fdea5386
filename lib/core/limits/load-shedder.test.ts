import { describe, expect, it } from "vitest";
import { seededDraw } from "#core/random.ts";
import { LoadShedder } from "./load-shedder.ts";

const turnMsMax = 20;
/** What an answer and a refusal cost the loop. */
const answerMs = 0.05;
const refusalMs = 0.01;
const peakPerMs = 1 / answerMs;

type Run = {
  readonly seed: number;
  /** Of the arrivals over what can be answered, at a time. */
  readonly load: (nowMs: number) => number;
  readonly endMs: number;
  /** Extra work of a turn. */
  readonly pauseMs?: (draw: number) => number;
  readonly refuses?: boolean;
};

/**
 * An event loop: a turn takes what came in during the last one, in the order of connections, which
 * is none in time, and works all of it off.
 */
function simulate({ seed, load, endMs, pauseMs = () => 0, refuses = true }: Run) {
  const draw = seededDraw(seed);
  const shedder = new LoadShedder({ turnMsMax });
  const turnsMs: number[] = [];
  let [answered, refused] = [0, 0];
  for (let nowMs = 0, lastMs = 1; nowMs < endMs; ) {
    const expected = lastMs * peakPerMs * load(nowMs);
    const arrivals = Math.max(0, Math.round(expected + (draw() - 0.5) * 4 * Math.sqrt(expected)));
    let endsMs = nowMs + pauseMs(draw());
    for (let arrival = 0; arrival < arrivals; arrival += 1) {
      const isTaken = shedder.admits(endsMs) || !refuses;
      endsMs += isTaken ? answerMs : refusalMs;
      answered += Number(isTaken);
      refused += Number(!isTaken);
    }
    const turnMs = endsMs - nowMs;
    if (arrivals > 0) shedder.turn({ busyMs: turnMs, sinceMs: nowMs, nowMs: endsMs });
    lastMs = Math.max(1, turnMs);
    nowMs += lastMs;
    turnsMs.push(turnMs);
    if (turnMs > 10_000) break;
  }
  return { answered, refused, turnsMs, shedder };
}

describe("the load shedder", () => {
  it.each([1, 2, 3, 4, 5])("keeps turns short and answers most it can (seed %i)", (seed) => {
    const endMs = 10_000;
    const { answered, turnsMs } = simulate({ seed, load: () => 2, endMs });
    const best = (peakPerMs * (1 - (2 * refusalMs) / answerMs)) / (1 - refusalMs / answerMs);
    expect(answered / (best * endMs)).toBeGreaterThan(0.85);
    const settled = turnsMs.slice(Math.floor(turnsMs.length / 5)).toSorted((a, b) => a - b);
    expect(settled[Math.floor(settled.length * 0.95)]).toBeLessThan(5 * turnMsMax);
  });

  it("is needed: without it turns grow without bound", () => {
    const { turnsMs } = simulate({ seed: 1, load: () => 2, endMs: 10_000, refuses: false });
    expect(Math.max(...turnsMs)).toBeGreaterThan(1_000);
  });

  it.each([
    [25, 0.004, 0],
    [60, 0.002, 0.01],
  ])("refuses hardly anybody below capacity for pauses of %i ms", (longMs, share, refusedMax) => {
    const { answered, refused } = simulate({
      ...{ seed: 2, load: () => 0.7, endMs: 20_000 },
      pauseMs: (draw) => (draw < share ? longMs : 0),
    });
    expect(refused / answered).toBeLessThanOrEqual(refusedMax);
  });

  it.each([1, 2, 3])("is not misled by callers who send in bursts (seed %i)", (seed) => {
    const draw = seededDraw(seed);
    const load = () => (draw() < 0.5 ? 0.2 : 3.8);
    const { answered } = simulate({ seed, load, endMs: 10_000 });
    const best = (peakPerMs * (1 - (2 * refusalMs) / answerMs)) / (1 - refusalMs / answerMs);
    expect(answered / (best * 10_000)).toBeGreaterThan(0.75);
  });

  it("takes everything again soon after a burst", () => {
    const load = (nowMs: number) => (nowMs < 2_000 ? 3 : 0.5);
    const { shedder, refused } = simulate({ seed: 3, load, endMs: 8_000 });
    expect(refused).toBeGreaterThan(0);
    expect(shedder.isShedding).toBe(false);
  });

  it.each([
    [60, false],
    [3_600_000, true],
  ])("takes what comes after %i ms without traffic: %s", (pauseMs, isAll) => {
    const { shedder } = simulate({ seed: 3, load: () => 3, endMs: 2_000 });
    expect(shedder.isShedding).toBe(true);
    // The last turn began before its end, and may have ended a little after it.
    const nowMs = 2_000 + pauseMs;
    const taken = Array.from({ length: 1_000 }, () => shedder.admits(nowMs));
    expect(taken.every(Boolean)).toBe(isAll);
    expect(shedder.isShedding).toBe(!isAll);
  });

  it("keeps its limit through a turn that is itself very long", () => {
    const { shedder } = simulate({ seed: 3, load: () => 3, endMs: 2_000 });
    expect(shedder.admits(2_060)).toBe(true);
    for (let arrival = 0; arrival < 1_000; arrival += 1) shedder.admits(10_000);
    expect(shedder.isShedding).toBe(true);
  });

  it("does not take long turns of few requests for overload", () => {
    const shedder = new LoadShedder({ turnMsMax });
    for (let turn = 1; turn < 100; turn += 1) {
      for (let call = 0; call < 128; call += 1) expect(shedder.admits(turn * 60)).toBe(true);
      shedder.turn({ busyMs: 60, sinceMs: turn * 60 - 60, nowMs: turn * 60 });
    }
    expect(shedder.isShedding).toBe(false);
  });

  it("forgets long turns that lie far apart", () => {
    const shedder = new LoadShedder({ turnMsMax });
    for (let turn = 1; turn < 100; turn += 1) {
      for (let arrival = 0; arrival < 1_000; arrival += 1) shedder.admits(turn * 1_000);
      shedder.turn({ busyMs: 60, sinceMs: turn * 1_000 - 60, nowMs: turn * 1_000 });
    }
    expect(shedder.isShedding).toBe(false);
  });
});
