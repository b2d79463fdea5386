import { expect, test } from "vitest";
import { closeMs, type FormingOptions, formBatch } from "./form-batch.ts";
import { KeyQueue, type Waiting } from "./key-queue.ts";

const options: FormingOptions = {
  rowsMax: 8,
  rowsPreferred: [],
  queueDelayMs: 0,
  together: true,
};

/** A queue whose runs take 10 ms for one row and 40 for eight, and requests `[rows, deadline]`. */
type Run = readonly [rows: number, ms: number];
type Asked = readonly [rows: number, deadlineMs: number, level?: number];

function queueOf(
  requests: readonly Asked[],
  runs: readonly Run[] = [
    [1, 10],
    [8, 40],
  ],
) {
  const queue = new KeyQueue<number>("k", true);
  for (let run = 0; run < 200; run += 1) {
    for (const [rows, ms] of runs) queue.times.add(rows, ms, 0);
  }
  requests.forEach(([rows, deadlineMs, level = 0], sequence) => {
    const offer = { key: "k", rows, deadlineMs, priority: 0, alone: false, value: sequence };
    const waiting: Waiting<number> = {
      ...{ offer, queue, level, sequence, arrivedMs: 0, deadlineMs },
      ...{ hasLeft: false, place: -1 },
    };
    queue.add(waiting);
  });
  return queue;
}

function form(queue: KeyQueue<number>, changed: Partial<FormingOptions> = {}, now = 0) {
  const formed = formBatch(queue, { ...options, ...changed }, now);
  if (formed.kind === "open") return `until ${formed.untilMs.toFixed()}`;
  if (formed.kind === "empty") return `empty, ${formed.expired.length} expired`;
  return `${formed.closedBy} ${formed.members.map(({ offer }) => offer.value).join("")}`;
}

test("leaves in the queue what it does not take", () => {
  const queue = queueOf([
    [3, Infinity],
    [3, Infinity],
    [3, Infinity],
  ]);
  expect(form(queue)).toBe("full 01");
  expect(queue.first?.offer.value).toBe(2);
  expect(form(queueOf([[3, Infinity]]), { rowsPreferred: [3], queueDelayMs: 9 })).toBe(
    "preferred 0",
  );
});

test("puts everything back while the batch may still grow", () => {
  const queue = queueOf([[1, Infinity]]);
  expect(form(queue, { queueDelayMs: 9 })).toBe("until 9");
  expect(form(queue, { queueDelayMs: 9 }, 9)).toBe("delay 0");
  expect(queue.first).toBeUndefined();
});

test("closes when its most urgent request has to run, and says so", () => {
  const queue = queueOf([[1, 30]]);
  expect(form(queue, { queueDelayMs: 100 })).toBe("until 19");
  expect(form(queue, { queueDelayMs: 100 }, 18.6)).toBe("deadline 0");
  const patient = queueOf([[1, 1000]]);
  expect(form(patient, { queueDelayMs: 2000 })).toBe("until 940");
});

test("a batch that can no longer be in time for one is not held back for it", () => {
  expect(form(queueOf([[1, 12]]), { queueDelayMs: 100 }, 1.5)).toBe("deadline 0");
});

test("drops what cannot be in time, and closes without what would spoil it for others", () => {
  const queue = queueOf([
    [1, 5],
    [1, 20],
    [7, 60],
  ]);
  expect(form(queue)).toBe("deadline 1");
  expect(form(queueOf([[1, 5]]))).toBe("empty, 1 expired");
});

test("waits half the time there is while nobody knows how long a run takes", () => {
  const queue = queueOf([[1, 30]], []);
  expect(form(queue, { queueDelayMs: 100 })).toBe("until 15");
});

test("tells when it closes and what is too late from the run times", () => {
  const queue = queueOf([[1, 30]]);
  expect(closeMs(queue, { ...options, queueDelayMs: 100 }, 0)).toBeCloseTo(18.5);
});

test("passes over what would be late where more is answered without it", () => {
  const requests: Asked[] = [
    [1, 20],
    [3, 45],
    [4, 45],
  ];
  const queue = queueOf(requests, [
    [1, 10],
    [4, 11],
    [8, 12],
  ]);
  // Its run is over at 10, and a run of the others then at 22: there is time for both.
  expect(form(queue)).toBe("full 012");
  const crowded = queueOf(
    [
      [1, 11],
      [3, 21],
      [4, 21],
    ],
    [
      [1, 10],
      [4, 11.5],
      [8, 12],
    ],
  );
  expect(form(crowded)).toBe("deadline 12");
  expect(crowded.first?.offer.value).toBe(0);
});

test("gives nothing up for a less urgent level", () => {
  const queue = queueOf([
    [1, 20, 1],
    [7, 45, 2],
  ]);
  expect(form(queue)).toBe("deadline 0");
  expect(queue.first?.offer.value).toBe(1);
});
