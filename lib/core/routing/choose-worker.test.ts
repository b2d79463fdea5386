import { expect, it } from "vitest";
import { seededDraw } from "../random.ts";
import { chooseWorker } from "./choose-worker.ts";

const idle = { inFlight: 0, serviceUs: 100 };
const busy = { inFlight: 9, serviceUs: 100 };

it("has nothing to choose from nothing", () => {
  expect(chooseWorker([], [0.3, 0.7])).toBeUndefined();
});

it("takes the only one there is whatever is drawn", () => {
  for (const draw of [0, 0.5, 0.999]) expect(chooseWorker([busy], [draw, draw])).toBe(busy);
});

it("takes the less busy of any two", () => {
  for (const draw of [0, 0.5, 0.999]) {
    expect(chooseWorker([idle, busy], [draw, draw])).toBe(idle);
    expect(chooseWorker([busy, idle], [draw, draw])).toBe(idle);
  }
});

it("prefers a fast worker with more ahead to a slow one with less", () => {
  const slow = { inFlight: 1, serviceUs: 100_000 };
  expect(chooseWorker([slow, busy], [0, 0])).toBe(busy);
});

it("spreads evenly over equals", () => {
  const draw = seededDraw(1);
  const workers = Array.from({ length: 4 }, (_, name) => ({ name, inFlight: 0, serviceUs: 0 }));
  const counts = [0, 0, 0, 0];
  for (let round = 0; round < 4_000; round += 1) {
    const chosen = chooseWorker(workers, [draw(), draw()]);
    if (chosen !== undefined) counts[chosen.name] = (counts[chosen.name] ?? 0) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});

it("stays with a worker until the work there is worth waking another for", () => {
  const next = { inFlight: 0, serviceUs: 10 };
  const shortly = { inFlight: 20, serviceUs: 10 };
  const long = { inFlight: 40, serviceUs: 10 };
  for (const draw of [0, 0.5, 0.999]) {
    expect(chooseWorker([shortly, next, next], [draw, draw], shortly)).toBe(shortly);
    expect(chooseWorker([long, next, next], [draw, draw], long)).toBe(next);
  }
});

it("stays with an idle worker unless another is clearly faster", () => {
  const latest = { inFlight: 0, serviceUs: 3_000 };
  const alike = { inFlight: 0, serviceUs: 2_000 };
  const faster = { inFlight: 0, serviceUs: 1_000 };
  for (const draw of [0, 0.5, 0.999]) {
    expect(chooseWorker([latest, alike, alike], [draw, draw], latest)).toBe(latest);
    expect(chooseWorker([faster, latest, faster], [draw, draw], latest)).toBe(faster);
  }
});

it("wakes another rather than wait for a run that takes long", () => {
  const running = { inFlight: 1, serviceUs: 2_000 };
  const other = { inFlight: 0, serviceUs: 2_000 };
  expect(chooseWorker([running, other], [0, 0], running)).toBe(other);
});

it("does not stay with a worker that takes no more", () => {
  expect(chooseWorker([busy], [0, 0], idle)).toBe(busy);
});
