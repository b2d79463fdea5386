import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededDraw } from "../random.ts";
import { type LevelChange, type SignalState, SignalWatch } from "./signal-watch.ts";

const options = { sdMin: 1e-9, sdShareMin: 1e-3 };
/** Of the mean, the first that are passed over and those that are learnt from. */
const learnt = 160;

describe("a step", () => {
  it.each([
    { shift: 0.5, within: 800 },
    { shift: -0.5, within: 800 },
    { shift: 1, within: 160 },
    { shift: -3, within: 64 },
    { shift: 1000, within: 64 },
  ])("of $shift standard deviations is found within $within means", ({ shift, within }) => {
    const found = changesOf(normal(1, 2000, 5), normal(2, within, 5 + shift));
    expect(found.length).toBeGreaterThanOrEqual(1);
    const [{ at, before, after }] = found as [Found];
    expect(at).toBeGreaterThanOrEqual(2000);
    expect(Math.abs(before - 5)).toBeLessThan(0.1);
    expect(Math.abs(after - 5 - shift)).toBeLessThan(Math.max(0.4, Math.abs(shift) / 10));
  });

  it("is told once, and told of again when it is taken back", () => {
    const found = changesOf(normal(1, 2000, 0), normal(2, 2000, 1), normal(3, 2000, 0));
    expect(found.map(({ at }) => Math.floor(at / 2000))).toEqual([1, 2]);
  });

  it("of a signal that never changed at all is found", () => {
    const found = changesOf(Array(500).fill(0.5), Array(50).fill(0.6));
    expect(found).toHaveLength(1);
    expect(found[0]?.before).toBeCloseTo(0.5, 9);
    expect(found[0]?.after).toBeCloseTo(0.6, 9);
  });

  it("below what matters is not told, and several of them are", () => {
    const flat = { sdMin: 1, sdShareMin: 0 };
    const steps = [0, 0.2, 0.4].map((level) => Array<number>(100_000).fill(level));
    const watch = new SignalWatch(flat);
    const found = steps.map((values) => values.flatMap((value) => watch.update(value, 1) ?? []));
    expect(found.slice(0, 2)).toEqual([[], []]);
    expect(found[2]).toMatchObject([{ detector: "adwin" }]);
    expect(found[2]?.[0]?.before).toBeCloseTo(0, 9);
    expect(found[2]?.[0]?.after).toBeCloseTo(0.4, 9);
  });
});

describe("nothing is told", () => {
  it("of a signal that scatters and stays", () => {
    expect(changesOf(normal(4, 50_000, 0))).toEqual([]);
  });

  it("of single values, however far away", () => {
    const values = normal(5, 20_000, 0).map((value, place) => (place % 500 === 0 ? 1e6 : value));
    expect(changesOf(values)).toEqual([]);
  });

  it("of a process that is slow at first", () => {
    expect(changesOf(Array(20).fill(50), normal(6, 5000, 1))).toEqual([]);
  });

  it("of means that scatter more because they are of fewer rows", () => {
    const watch = new SignalWatch(options);
    const draw = seededDraw(7);
    for (let place = 0; place < 20_000; place += 1) {
      const rows = place < 10_000 ? 100 : 1;
      expect(watch.update(gauss(draw) / Math.sqrt(rows), rows)).toBeUndefined();
    }
  });

  it("of rare failures", () => {
    const watch = new SignalWatch({ sdMin: 0.02, sdShareMin: 0 });
    const draw = seededDraw(8);
    for (let place = 0; place < 50_000; place += 1) {
      expect(watch.update(draw() < 0.01 ? 0.25 : 0, 4)).toBeUndefined();
    }
  });

  it("of what is no number or of no rows", () => {
    const watch = new SignalWatch(options);
    const before = watch.state();
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) watch.update(value, 1);
    watch.update(1, 0);
    expect(watch.state()).toEqual(before);
  });
});

it("weighs levels by rows", () => {
  const watch = new SignalWatch(options);
  const draw = seededDraw(9);
  const found: LevelChange[] = [];
  for (let place = 0; place < 1000; place += 1) {
    const rows = place % 2 === 0 ? 9 : 1;
    const level = place < 600 ? 0 : 10;
    found.push(...[watch.update(level + (rows === 1 ? 1 : 0) + draw() / 100, rows) ?? []].flat());
  }
  expect(found).toHaveLength(1);
  expect(found[0]?.before).toBeCloseTo(0.1, 1);
  expect(found[0]?.after).toBeCloseTo(10, 0);
});

it("goes on from its state at any value", () => {
  void fc.assert(
    fc.property(
      fc.integer(),
      fc.array(fc.record({ level: fc.nat(3), count: fc.nat(400) }), { maxLength: 5 }),
      fc.array(fc.nat(1500), { maxLength: 3 }),
      (seed, parts, cuts) => {
        const values = parts.flatMap(({ level, count }) => normal(seed, count, level));
        const whole = new SignalWatch(options);
        let parted = new SignalWatch(options);
        for (const [place, value] of values.entries()) {
          if (cuts.includes(place)) parted = new SignalWatch(options, copyOf(parted.state()));
          expect(parted.update(value, 1 + (place % 7))).toEqual(
            whole.update(value, 1 + (place % 7)),
          );
        }
        expect(parted.state()).toEqual(whole.state());
      },
    ),
  );
});

it("stays small", () => {
  const watch = new SignalWatch(options);
  const draw = seededDraw(10);
  for (let place = 0; place < 200_000; place += 1) watch.update(draw(), 1);
  expect(watch.state().adwin.levels.flat().length).toBeLessThan(100);
});

type Found = LevelChange & { readonly at: number };

function changesOf(...parts: readonly (readonly number[])[]): Found[] {
  const watch = new SignalWatch(options);
  return parts.flat().flatMap((value, at) => {
    const change = watch.update(value, 1);
    expect(at < learnt ? change : undefined).toBeUndefined();
    return change === undefined ? [] : [{ ...change, at }];
  });
}

function normal(seed: number, count: number, mean: number): number[] {
  const draw = seededDraw(seed);
  return Array.from({ length: count }, () => mean + gauss(draw));
}

function gauss(draw: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
}

function copyOf(state: SignalState): SignalState {
  return structuredClone(state);
}
