import { expect, test } from "vitest";
import { KeyQueue, type Waiting } from "./key-queue.ts";

let last = 0;

function waiting(queue: KeyQueue<string>, rest: Partial<Waiting<string>> = {}, deadlineMs = 100) {
  last += 1;
  const offer = { key: "k", rows: 2, deadlineMs, priority: 0, alone: false, value: `${last}` };
  const made: Waiting<string> = {
    ...{ offer, queue, level: 0, sequence: last, arrivedMs: last, deadlineMs },
    ...{ hasLeft: false, place: -1 },
    ...rest,
  };
  queue.add(made);
  return made;
}

test("is in order of level, then deadline, then arrival", () => {
  const queue = new KeyQueue<string>("k", false);
  const added = [
    waiting(queue, { level: 2 }, 10),
    waiting(queue, { level: 1 }, 90),
    waiting(queue, { level: 1 }, 50),
    waiting(queue, { level: 1 }, 90),
  ];
  const taken: number[] = [];
  for (let { first } = queue; first !== undefined; first = queue.first) {
    taken.push(added.indexOf(first));
    queue.takeUp(first);
  }
  expect(taken).toEqual([2, 1, 3, 0]);
});

test("knows the earliest deadline of all levels", () => {
  const queue = new KeyQueue<string>("k", false);
  expect(queue.urgentMs).toBe(Infinity);
  waiting(queue, { level: 1 }, 50);
  const lower = waiting(queue, { level: 2 }, 10);
  expect(queue.urgentMs).toBe(10);
  queue.drop(lower);
  expect(queue.urgentMs).toBe(50);
});

test("tells what would be late even now, in any level", () => {
  const queue = new KeyQueue<string>("k", false);
  for (let run = 0; run < 200; run += 1) queue.times.add(2, 10, 0);
  waiting(queue, { level: 1 }, 90);
  const lower = waiting(queue, { level: 2 }, 50);
  expect(queue.latestStartMs(0)).toBeCloseTo(40);
  expect([queue.firstTooLate(39), queue.firstTooLate(41)]).toEqual([undefined, lower]);
});

test("counts what is taken up until it leaves, and knows the oldest of it", () => {
  const queue = new KeyQueue<string>("k", true);
  const [one, other] = [waiting(queue, { arrivedMs: 1 }), waiting(queue, { arrivedMs: 2 })];
  queue.takeUp(one);
  expect([queue.rows, queue.size, queue.oldestMs]).toEqual([4, 2, 1]);
  queue.drop(one);
  expect([queue.rows, queue.size, queue.oldestMs]).toEqual([2, 1, 2]);
  queue.drop(other);
  expect([queue.rows, queue.size, queue.oldestMs]).toEqual([0, 0, Infinity]);
});

test("stays right about the oldest over many that come and go", () => {
  const queue = new KeyQueue<string>("k", true);
  const oldest = waiting(queue, { arrivedMs: 0 });
  for (let count = 1; count <= 1000; count += 1) queue.drop(waiting(queue, { arrivedMs: count }));
  expect(queue.oldestMs).toBe(0);
  queue.drop(oldest);
  expect(queue.oldestMs).toBe(Infinity);
});
