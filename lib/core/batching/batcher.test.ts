import { describe, expect, test } from "vitest";
import { Batcher, type BatcherOptions, type Offer } from "./batcher.ts";

const defaults: BatcherOptions = {
  rowsMax: 8,
  rowsPreferred: [],
  queueDelayMs: 0,
  queueRowsMax: 0,
  queueTimeoutMs: 0,
  priorityLevels: 0,
  together: true,
};

function offer(value: string, rest: Partial<Offer<string>> = {}): Offer<string> {
  const shared = { key: "k", rows: 1, deadlineMs: Infinity, priority: 0, alone: false };
  return { value, ...shared, ...rest };
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
    batcher.offer(offer("b"), 102);
    expect(take(batcher, 104)).toBe("wait 105");
    expect(take(batcher, 105)).toBe("delay 2: ab");
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

  test("leaves out of account what the caller does", () => {
    const batcher = filled({ queueRowsMax: 4 }, [offer("a", { rows: 4 })]);
    const rooms = [0, 1, 4].map((queuedRows) => batcher.hasRoom(3, queuedRows));
    expect(rooms).toEqual([true, true, false]);
  });
});

test("a cancelled request leaves the queue and its room", () => {
  const batcher = new Batcher<string>({ ...defaults, queueRowsMax: 3 });
  const first = batcher.offer(offer("a", { rows: 2, deadlineMs: 50 }), 0);
  batcher.offer(offer("b"), 0);
  expect(batcher.hasRoom(1)).toBe(false);
  expect(batcher.cancel(first, 0)).toBe(true);
  expect(batcher.cancel(first, 0)).toBe(false);
  expect([batcher.waitingRows, batcher.hasRoom(2), batcher.expiresMs]).toEqual([1, true, Infinity]);
  expect(take(batcher)).toBe("idle 1: b");
});

describe("with levels of priority", () => {
  const urgent = (value: string, priority: number) => offer(value, { priority });

  test("takes more urgent levels first, and fills up with the others", () => {
    const batcher = filled({ priorityLevels: 3, rowsMax: 4 }, [
      urgent("a", 3),
      urgent("b", 0),
      offer("c", { priority: 3, deadlineMs: 40 }),
      urgent("d", 1),
      urgent("e", 2),
    ]);
    expect([take(batcher), take(batcher)]).toEqual(["full 4: dbec", "idle 1: a"]);
  });

  test("takes the queue with the most urgent request first", () => {
    const batcher = filled({ priorityLevels: 2 }, [
      offer("a", { priority: 2, deadlineMs: 10 }),
      offer("b", { priority: 1, key: "other" }),
    ]);
    expect([take(batcher), take(batcher)]).toEqual(["idle 1: b", "idle 1: a"]);
  });

  test("expires what waits in any of them", () => {
    const batcher = filled({ priorityLevels: 2, queueDelayMs: 100 }, [
      urgent("a", 1),
      offer("b", { priority: 2, deadlineMs: 10 }),
    ]);
    expect(batcher.expire(10)).toEqual([{ value: "b", reason: "deadline" }]);
  });
});

describe("with run times", () => {
  /** So often that the deviation is nothing. */
  function trained(options: Partial<BatcherOptions>, runMs: Readonly<Record<number, number>>) {
    const batcher = new Batcher<string>({ ...defaults, ...options });
    batcher.offer(offer("x"), 0);
    batcher.next(1000);
    for (let time = 0; time < 200; time += 1) {
      for (const [rows, ms] of Object.entries(runMs)) {
        batcher.ran({ key: "k", rows: Number(rows) }, ms, time);
      }
    }
    return batcher;
  }

  test("closes a batch in time for its most urgent request", () => {
    const batcher = trained({ queueDelayMs: 100 }, { 1: 10, 2: 10 });
    batcher.offer(offer("a"), 200);
    batcher.offer(offer("b", { deadlineMs: 250 }), 200);
    expect(take(batcher, 200)).toMatch(/^wait 237/);
    expect(take(batcher, 238)).toBe("deadline 2: ba");
  });

  test("leaves out what would make another request late", () => {
    const batcher = trained({}, { 1: 10, 8: 40 });
    batcher.offer(offer("a", { deadlineMs: 215 }), 200);
    batcher.offer(offer("b", { rows: 7 }), 200);
    expect([take(batcher, 200), take(batcher, 200)]).toEqual(["deadline 1: a", "idle 7: b"]);
  });

  test("leaves nothing out for a request that is late as it is", () => {
    const batcher = trained({}, { 1: 10, 8: 40 });
    batcher.offer(offer("a", { rows: 7, deadlineMs: 241 }), 200);
    batcher.offer(offer("b", { deadlineMs: 241 }), 200);
    expect(take(batcher, 200)).toBe("full 8: ab");
  });

  test("expires at once what could not be in time even now", () => {
    const batcher = trained({}, { 1: 10 });
    batcher.offer(offer("a", { deadlineMs: 209 }), 200);
    batcher.offer(offer("b", { deadlineMs: 220 }), 200);
    expect(batcher.expire(200)).toEqual([{ value: "a", reason: "too-late" }]);
    expect(batcher.expiresMs).toBeCloseTo(210, 3);
    expect(batcher.expire(211)).toEqual([{ value: "b", reason: "too-late" }]);
  });

  test("tries a request again when the times it is given up by are old", () => {
    const batcher = trained({}, { 1: 10 });
    batcher.offer(offer("a", { deadlineMs: 5009 }), 5000);
    expect(take(batcher, 5000)).toBe("idle 1: a");
  });

  test("tells what a full batch takes", () => {
    const batcher = new Batcher<string>(defaults);
    expect(batcher.fullRunMs(0)).toBe(0);
    expect(trained({}, { 1: 10, 8: 40 }).fullRunMs(300)).toBeCloseTo(40);
  });
});
