import fc from "fast-check";
import { expect, test } from "vitest";
import { Batcher, type BatcherOptions, type Offer } from "./batcher.ts";

const defaults: BatcherOptions = {
  rowsMax: 4,
  rowsPreferred: [],
  queueDelayMs: 0,
  queueRowsMax: 0,
  queueTimeoutMs: 0,
  priorityLevels: 2,
  together: true,
};

/** The order the requests of one key leave in: by level, deadline and arrival. */
function inOrder(offers: readonly Offer<number>[]): Offer<number>[] {
  const level = ({ priority }: Offer<number>) => Math.max(1, priority);
  return offers.toSorted(
    (one, other) =>
      level(one) - level(other) ||
      (one.deadlineMs === other.deadlineMs ? 0 : one.deadlineMs - other.deadlineMs) ||
      one.value - other.value,
  );
}

test("of every few requests each batch is the head of the order, and as large as it may be", () => {
  const kinds: Omit<Offer<number>, "value">[] = [];
  for (const rows of [1, 3]) {
    for (const deadlineMs of [50, Infinity]) {
      for (const priority of [0, 2]) {
        for (const alone of [false, true]) {
          kinds.push({ key: "k", rows, deadlineMs, priority, alone });
        }
      }
    }
  }
  const count = kinds.length ** 3;
  for (let drawn = 0; drawn < count; drawn += 1) {
    const offers = [0, 1, 2].map((value) => {
      const kind = kinds[Math.floor(drawn / kinds.length ** value) % kinds.length];
      return { ...(kind as Omit<Offer<number>, "value">), value };
    });
    const batcher = new Batcher<number>(defaults);
    for (const each of offers) batcher.offer(each, 0);
    let left = inOrder(offers);
    for (let next = batcher.next(0); next.kind === "batch"; next = batcher.next(0)) {
      const { members, rows } = next.batch;
      expect(members).toEqual(left.slice(0, members.length));
      expect(members.length === 1 || members.every(({ alone }) => !alone)).toBe(true);
      left = left.slice(members.length);
      const [kept] = left;
      const mayJoin = kept !== undefined && !kept.alone && members[0]?.alone === false;
      expect(mayJoin && rows + kept.rows <= 4).toBe(false);
      expect(rows).toBeLessThanOrEqual(4);
    }
    expect(left).toEqual([]);
  }
});

const request = fc.record({
  key: fc.constantFrom("a", "b"),
  rows: fc.integer({ min: 0, max: 8 }),
  deadlineMs: fc.oneof(fc.constant(Infinity), fc.nat(60)),
  priority: fc.nat(3),
  alone: fc.boolean(),
  cancelled: fc.boolean(),
});
const options = fc.record({
  queueDelayMs: fc.nat(5),
  queueTimeoutMs: fc.nat(20),
  rowsPreferred: fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { maxLength: 2 }),
  priorityLevels: fc.nat(3),
});

test("every request ends exactly once, in a batch within bounds, expired or cancelled", () => {
  fc.assert(
    fc.property(fc.array(request), options, fc.nat(5), (requests, drawn, runMs) => {
      const batcher = new Batcher<number>({ ...defaults, rowsMax: 8, ...drawn });
      const ended: number[] = [];
      const step = (now: number) => {
        const next = batcher.next(now);
        ended.push(...next.expired.map(({ value }) => value));
        if (next.kind === "wait") expect(next.untilMs).toBeGreaterThan(now);
        if (next.kind !== "batch") return;
        const { members, rows, key } = next.batch;
        expect(rows).toBeLessThanOrEqual(8);
        expect(members.every((member) => member.key === key)).toBe(true);
        if (members.length > 1) expect(members.some(({ alone }) => alone)).toBe(false);
        for (const { deadlineMs } of members) expect(deadlineMs).toBeGreaterThan(now);
        batcher.ran(next.batch, runMs, now);
        ended.push(...members.map(({ value }) => value));
      };
      requests.forEach(({ cancelled, ...rest }, value) => {
        const waiting = batcher.offer({ value, ...rest }, value);
        if (cancelled && batcher.cancel(waiting, value)) ended.push(value);
        if (value % 3 === 0) step(value);
      });
      for (let now = requests.length; batcher.waiting > 0; now += 1) step(now);
      expect(ended.sort((one, other) => one - other)).toEqual(requests.map((_, index) => index));
      expect([batcher.waitingRows, batcher.expiresMs]).toEqual([0, Infinity]);
    }),
  );
});

test("a level is starved by more urgent ones only, and no longer than its deadlines allow", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2), { minLength: 40, maxLength: 40 }), (priorities) => {
      const batcher = new Batcher<number>({ ...defaults, priorityLevels: 2 });
      const lowest = { key: "k", rows: 1, deadlineMs: 30, priority: 2, alone: false, value: -1 };
      batcher.offer(lowest, 0);
      let endedMs = Infinity;
      for (const [now, priority] of priorities.entries()) {
        for (let copy = 0; copy < 4; copy += 1) {
          batcher.offer({ ...lowest, priority, deadlineMs: Infinity, value: now }, now);
        }
        const next = batcher.next(now);
        const values = next.kind === "batch" ? next.batch.members.map(({ value }) => value) : [];
        const isServed = values.includes(-1);
        if (isServed || next.expired.some(({ value }) => value === -1)) {
          endedMs = Math.min(endedMs, now);
        }
        // Its own level comes after it: its deadline is the earlier one.
        if (priority === 2 && priorities.slice(0, now).every((each) => each === 2)) {
          expect(endedMs).toBe(0);
        }
      }
      expect(endedMs).toBeLessThanOrEqual(30);
    }),
  );
});

test("remembers the run times of a bounded number of keys", () => {
  const batcher = new Batcher<number>(defaults);
  const asked = { rows: 1, deadlineMs: Infinity, priority: 0, alone: false, value: 0 };
  for (let key = 0; key < 1000; key += 1) {
    batcher.offer({ ...asked, key: String(key) }, key);
    batcher.next(key);
    for (let run = 0; run < 50; run += 1) batcher.ran({ key: String(key), rows: 1 }, 10, key);
  }
  const isGivenUp = (key: string) => {
    batcher.offer({ ...asked, key, deadlineMs: 1005 }, 1000);
    return batcher.next(1000).expired.length > 0;
  };
  expect([isGivenUp("999"), isGivenUp("1")]).toEqual([true, false]);
});
