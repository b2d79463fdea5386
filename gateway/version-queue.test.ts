import fc from "fast-check";
import { expect, test } from "vitest";
import type { Exchange } from "./exchange.ts";
import { VersionQueue } from "./version-queue.ts";

const ref = { model: "m", version: 1 };

function exchange(priority: number, deadlineMs: number, isSuspect = false): Exchange {
  return {
    ...{ method: "ModelInfer", ref, deadlineMs },
    ...{ priority, queueUntilMs: Infinity, payloadBytes: 0, payload: new Uint8Array() },
    ...{ isRetained: false, isBulk: false, isSuspect, isEnded: false, attempts: [] },
    ...{ level: 0, queuePlace: -1, livePlace: -1 },
  } as unknown as Exchange;
}

function takenFrom(queue: VersionQueue): Exchange[] {
  const taken: Exchange[] = [];
  for (let { first } = queue; first !== undefined; first = queue.first) {
    taken.push(first);
    queue.delete(first);
  }
  return taken;
}

test("goes by deadline where there are no levels, whatever priority was asked for", () => {
  const queue = new VersionQueue(ref, () => 0);
  const [late, early, never] = [exchange(1, 90), exchange(3, 50), exchange(1, Infinity)];
  for (const each of [never, late, early]) queue.add(each);
  expect(takenFrom(queue)).toEqual([early, late, never]);
});

test("goes by level first, the middle one being the default", () => {
  const queue = new VersionQueue(ref, () => 3);
  const [low, middle, high] = [exchange(3, 1), exchange(0, 60), exchange(1, Infinity)];
  for (const each of [low, middle, high]) queue.add(each);
  expect(queue.ahead(exchange(2, 70))).toBe(2);
  expect(queue.ahead(exchange(0, 50))).toBe(1);
  expect(takenFrom(queue)).toEqual([high, middle, low]);
});

test("counts those ahead as a walk through all of them would", () => {
  const step = fc.record({
    kind: fc.constantFrom("add", "suspect", "take", "delete"),
    priority: fc.nat(4),
    // Mostly in the order they come, as where all callers allow as much time.
    deadlineMs: fc.oneof(fc.constant(undefined), fc.nat(40), fc.constant(Infinity)),
    at: fc.nat(50),
  });
  fc.assert(
    fc.property(fc.nat(3), fc.array(step, { maxLength: 100 }), (levels, steps) => {
      const queue = new VersionQueue(ref, () => levels);
      steps.forEach(({ kind, priority, deadlineMs, at }, nowMs) => {
        const one = exchange(priority, deadlineMs ?? nowMs + 20, kind === "suspect");
        const ordinary = queue.ordinary();
        const ahead = queue.ahead(one);
        const walked = ordinary.filter(({ level, deadlineMs }) =>
          level === one.level ? deadlineMs <= one.deadlineMs : level < one.level,
        );
        expect(ahead).toBe(walked.length);
        const known = kind === "take" ? queue.first : ordinary[at % Math.max(1, ordinary.length)];
        if (kind === "add" || kind === "suspect") queue.add(one);
        else if (known !== undefined) queue.delete(known);
      });
    }),
  );
});

test("keeps apart what a lost worker may have been lost over", () => {
  const queue = new VersionQueue(ref, () => 3);
  const suspect = exchange(1, 10, true);
  queue.add(suspect);
  expect([queue.first, queue.firstSuspect, queue.size]).toEqual([undefined, suspect, 1]);
});
