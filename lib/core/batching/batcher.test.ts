import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Batcher, type BatcherOptions, type Offer } from "./batcher.ts";

const defaults: BatcherOptions = {
  rowsMax: 8,
  rowsPreferred: [],
  queueDelayMs: 0,
  queueRowsMax: 0,
  queueTimeoutMs: 0,
  together: true,
};

let lastId = 0;

function offer(value: string, rest: Partial<Offer<string>> = {}): Offer<string> {
  lastId += 1;
  const shared = { key: "k", rows: 1, deadlineMs: Infinity, alone: false };
  return { id: lastId, value, ...shared, ...rest };
}

function filled(options: Partial<BatcherOptions>, offers: readonly Offer<string>[], now = 0) {
  const batcher = new Batcher<string>({ ...defaults, ...options });
  for (const each of offers) batcher.offer(each, now);
  return batcher;
}

function take(batcher: Batcher<string>, now = 0): string {
  const next = batcher.next(now);
  if (next.kind === "wait") return `wait ${next.untilMs}`;
  if (next.kind === "idle") return "idle";
  const { batch } = next;
  return `${batch.closedBy} ${batch.rows}: ${batch.members.map(({ value }) => value).join("")}`;
}

describe("without a delay", () => {
  test("takes all that waits, and is idle then", () => {
    const batcher = filled({}, [offer("a"), offer("b", { rows: 3 })]);
    expect(take(batcher)).toBe("idle 4: ab");
    expect(take(batcher)).toBe("idle");
    expect(batcher.waitingRows).toBe(0);
  });

  test("closes a batch that is full or into which the next does not fit", () => {
    const batcher = filled({}, [
      offer("a", { rows: 8 }),
      offer("b", { rows: 5 }),
      offer("c", { rows: 4 }),
      offer("d"),
    ]);
    expect([take(batcher), take(batcher), take(batcher)]).toEqual([
      "full 8: a",
      "full 5: b",
      "idle 5: cd",
    ]);
  });

  test("runs together only what shares a key", () => {
    const batcher = filled({}, [offer("a"), offer("b", { key: "other" }), offer("c")]);
    expect([take(batcher), take(batcher)]).toEqual(["idle 2: ac", "idle 1: b"]);
  });

  test("takes the earliest deadline first, within a key and among keys", () => {
    const batcher = filled({}, [
      offer("a", { deadlineMs: 90, rows: 4 }),
      offer("b", { deadlineMs: 50, rows: 4 }),
      offer("c", { deadlineMs: 70, rows: 4 }),
      offer("d", { deadlineMs: 40, key: "other" }),
      offer("e", { rows: 4 }),
    ]);
    expect([take(batcher), take(batcher), take(batcher)]).toEqual([
      "idle 1: d",
      "full 8: bc",
      "full 8: ae",
    ]);
  });

  test("gives a request that must be alone a batch of its own, in its turn", () => {
    const batcher = filled({}, [offer("a"), offer("b", { alone: true }), offer("c")]);
    expect([take(batcher), take(batcher), take(batcher)]).toEqual([
      "full 1: a",
      "alone 1: b",
      "idle 1: c",
    ]);
  });

  test("runs a model that must not batch one request at a time", () => {
    const batcher = filled({ together: false }, [offer("a", { rows: 99 }), offer("b")]);
    expect([take(batcher), take(batcher)]).toEqual(["unbatched 99: a", "unbatched 1: b"]);
  });
});

describe("with a delay", () => {
  test("waits for more rows until the oldest has waited it", () => {
    const batcher = filled({ queueDelayMs: 5 }, [offer("a")], 100);
    expect(take(batcher, 101)).toBe("wait 105");
    batcher.offer(offer("b", { deadlineMs: 103 }), 101);
    expect(take(batcher, 101)).toBe("wait 103");
    batcher.cancel(lastId);
    expect(take(batcher, 105)).toBe("delay 1: a");
  });

  test("does not hold back a full batch of another key", () => {
    const batcher = filled({ queueDelayMs: 5 }, [
      offer("a"),
      offer("b", { key: "other", rows: 8 }),
    ]);
    expect([take(batcher), take(batcher)]).toEqual(["full 8: b", "wait 5"]);
  });

  test("closes at the largest preferred size that its requests reach exactly", () => {
    const batcher = filled({ queueDelayMs: 5, rowsPreferred: [2, 4] }, [
      offer("a"),
      offer("b"),
      offer("c", { rows: 2 }),
      offer("d", { rows: 3 }),
    ]);
    expect([take(batcher), take(batcher), take(batcher, 5)]).toEqual([
      "preferred 4: abc",
      "wait 5",
      "delay 3: d",
    ]);
  });
});

describe("expiry", () => {
  test("returns requests whose deadline or time in the queue has passed", () => {
    const batcher = filled({ queueTimeoutMs: 10 }, [offer("a", { deadlineMs: 5 }), offer("b")]);
    expect(batcher.expiresMs).toBe(5);
    expect(batcher.next(5)).toMatchObject({
      kind: "batch",
      expired: [{ value: "a", reason: "deadline" }],
    });
    batcher.offer(offer("c"), 20);
    expect(batcher.expire(29)).toEqual([]);
    expect(batcher.expire(30)).toEqual([{ value: "c", reason: "timeout" }]);
    expect(batcher.expiresMs).toBe(Infinity);
  });
});

describe("bounds", () => {
  test("leave no room for what would exceed the rows that may wait", () => {
    const batcher = filled({ queueRowsMax: 4 }, [offer("a", { rows: 3 })]);
    expect([batcher.hasRoom(1), batcher.hasRoom(2)]).toEqual([true, false]);
  });

  test("leave room for a request larger than they are when nothing else waits", () => {
    const batcher = filled({ queueRowsMax: 4 }, []);
    expect(batcher.hasRoom(99)).toBe(true);
    batcher.offer(offer("a", { rows: 99 }), 0);
    expect(batcher.hasRoom(1)).toBe(false);
    expect(take(batcher)).toBe("full 99: a");
  });

  test("count a request without rows as one", () => {
    const batcher = filled({ queueRowsMax: 1 }, [offer("a", { rows: 0 })]);
    expect(batcher.hasRoom(0)).toBe(false);
  });

  test("may be turned off", () => {
    expect(filled({}, [offer("a")]).hasRoom(1e9)).toBe(true);
  });
});

test("a cancelled request leaves the queue and its room", () => {
  const [first, second] = [offer("a", { rows: 2 }), offer("b")];
  const batcher = filled({ queueRowsMax: 3 }, [first, second]);
  expect(batcher.cancel(first.id)).toBe("a");
  expect(batcher.cancel(first.id)).toBeUndefined();
  expect(batcher.waitingRows).toBe(1);
  expect(take(batcher)).toBe("idle 1: b");
});

test("every request ends exactly once, in a batch within bounds, expired or cancelled", () => {
  const request = fc.record({
    key: fc.constantFrom("a", "b"),
    rows: fc.integer({ min: 0, max: 8 }),
    deadlineMs: fc.oneof(fc.constant(Infinity), fc.nat(60)),
    alone: fc.boolean(),
    cancelled: fc.boolean(),
  });
  const options = fc.record({
    queueDelayMs: fc.nat(5),
    queueTimeoutMs: fc.nat(20),
    rowsPreferred: fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { maxLength: 2 }),
  });
  fc.assert(
    fc.property(fc.array(request), options, (requests, drawn) => {
      const batcher = new Batcher<number>({ ...defaults, ...drawn });
      const ended: number[] = [];
      const step = (now: number) => {
        const next = batcher.next(now);
        ended.push(...next.expired.map(({ value }) => value));
        if (next.kind === "wait") expect(next.untilMs).toBeGreaterThan(now);
        if (next.kind !== "batch") return;
        const { members, rows } = next.batch;
        expect(rows).toBeLessThanOrEqual(8);
        expect(new Set(members.map(({ key }) => key)).size).toBe(1);
        if (members.length > 1) expect(members.some(({ alone }) => alone)).toBe(false);
        for (const { deadlineMs } of members) expect(deadlineMs).toBeGreaterThan(now);
        ended.push(...members.map(({ value }) => value));
      };
      requests.forEach(({ cancelled, ...rest }, index) => {
        batcher.offer({ id: index, value: index, ...rest }, index);
        if (cancelled && batcher.cancel(index) !== undefined) ended.push(index);
        if (index % 3 === 0) step(index);
      });
      for (let now = requests.length; batcher.waiting > 0; now += 1) step(now);
      expect(ended.sort((one, other) => one - other)).toEqual(requests.map((_, index) => index));
      expect(batcher.waitingRows).toBe(0);
    }),
  );
});
