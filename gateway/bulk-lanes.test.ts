import { afterEach, expect, test, vi } from "vitest";
import { Failure } from "#core/failure.ts";
import { emptyTable } from "#core/routing/table.ts";
import { BulkLane, type BulkOwner, type BulkWork } from "./bulk-lanes.ts";
import type { Exchange, Outcome } from "./exchange.ts";
import type { LinkSession } from "./link-session.ts";

const ref = { model: "m", version: 1 };
afterEach(() => void vi.useRealTimers());

const failure = new Failure("unavailable", "no replica is left");

/** A lane whose items end when the test says so. */
class LaneProbe {
  readonly begun = new Map<number, Exchange>();
  readonly ended: number[] = [];
  replicas: readonly LinkSession[] = [{} as LinkSession];
  readonly lane: BulkLane;

  constructor(waitMaxMs: number) {
    const links = { ready: () => this.replicas, known: () => undefined, table: emptyTable };
    const dispatcher = {
      submit: (exchange: Exchange) => {
        this.begun.set(exchange.payload[0] ?? 0, exchange);
      },
      cancel: () => {},
    };
    this.lane = new BulkLane(ref, { waitMaxMs }, { links, dispatcher });
  }

  add(owner: BulkOwner, number: number): void {
    this.lane.add({
      ...{ owner, number, form: "columns", payload: Uint8Array.of(number) },
      ...{ deadlineMs: Infinity, request: {}, attempts: [], waitsSinceMs: performance.now() },
    } as unknown as BulkWork);
  }

  owner(mayBegin: (work: BulkWork) => boolean = () => true): BulkOwner {
    const onEnded = ({ number }: BulkWork, _: Outcome) => void this.ended.push(number);
    return { mayBegin, isPatient: true, onEnded };
  }

  /** Ends what is under way in this order, as where nobody could begin it. */
  lose(numbers: readonly number[]): void {
    for (const number of numbers) {
      const exchange = this.begun.get(number);
      this.begun.delete(number);
      exchange?.owner.ended({ kind: "failure", failure, reply: undefined });
    }
  }

  setReplicas(count: number): void {
    this.replicas = Array.from({ length: count }, () => ({}) as LinkSession);
    this.lane.pump();
  }
}

test("returns items to their places, in whatever order they come back", () => {
  const probe = new LaneProbe(1_000);
  let first: number | undefined;
  const owner = probe.owner(({ number }) => first === undefined || number === first);
  for (const number of [5, 6, 7]) probe.add(owner, number);
  expect([...probe.begun.keys()]).toEqual([5, 6]);
  probe.replicas = [];
  probe.lose([5, 6]);
  // The stream holds so many later answers that only its first item may be begun.
  first = 5;
  probe.setReplicas(1);
  expect([...probe.begun.keys()]).toEqual([5]);
  probe.lane.cancel(owner, failure);
});

test("gives each item the time it may wait for a replica, counted from when none is ready", () => {
  vi.useFakeTimers();
  const probe = new LaneProbe(1_000);
  const [one, other] = [probe.owner(), probe.owner()];
  for (const number of [1, 2, 3]) probe.add(one, number);
  // The third has waited for its turn, and waits for a replica only from now on.
  vi.advanceTimersByTime(5_000);
  probe.replicas = [];
  probe.lose([2, 1]);
  vi.advanceTimersByTime(990);
  probe.add(one, 4);
  probe.add(other, 9);
  vi.advanceTimersByTime(9);
  expect(probe.ended).toEqual([]);
  vi.advanceTimersByTime(2);
  expect(probe.ended).toEqual([1, 2, 3]);
  vi.advanceTimersByTime(985);
  expect(probe.ended).toEqual([1, 2, 3]);
  vi.advanceTimersByTime(10);
  expect(probe.ended).toEqual([1, 2, 3, 4, 9]);
});
