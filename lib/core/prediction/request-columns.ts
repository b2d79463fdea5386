import type { EventRequests, Role } from "./event.ts";
import { GrowingArray } from "./growing-array.ts";

/** What an event tells of a request besides its rows. */
export type RequestFacts = {
  /** 16 bytes. */
  readonly predictionId: Uint8Array;
  readonly attempt: number;
  readonly role: Role;
  readonly eventTimeUs: number;
  readonly status: number;
  readonly queueUs: number;
  readonly runUs: number;
  /** Undefined for a request that is not sampled: ids of 16 and 8 bytes. */
  readonly trace:
    | { readonly traceId: Uint8Array; readonly spanId: Uint8Array; readonly flags: number }
    | undefined;
  readonly requestId: string;
};

const requestIdLengthMax = 128;
const uint32Max = 2 ** 32 - 1;
const nothing = new Uint8Array(0);

/** The requests of one event, in columns; their ids are copied. */
export class RequestColumns {
  readonly #predictionIds = new GrowingArray("UINT8");
  readonly #traceIds = new GrowingArray("UINT8");
  readonly #spanIds = new GrowingArray("UINT8");
  readonly #traceFlags = new GrowingArray("UINT8");
  readonly #rows: number[] = [];
  readonly #attempts: number[] = [];
  readonly #roles: Role[] = [];
  readonly #eventTimesUs: number[] = [];
  readonly #statuses: number[] = [];
  readonly #queueUs: number[] = [];
  readonly #runUs: number[] = [];
  readonly #requestIds: string[] = [];

  /** Takes in a request of which so many rows are told. */
  add(facts: RequestFacts, rows: number): void {
    this.#rows.push(rows);
    this.#attempts.push(facts.attempt);
    this.#roles.push(facts.role);
    this.#eventTimesUs.push(facts.eventTimeUs);
    this.#statuses.push(facts.status);
    this.#queueUs.push(Math.min(facts.queueUs, uint32Max));
    this.#runUs.push(Math.min(facts.runUs, uint32Max));
    const { requestId, trace } = facts;
    const isLong = requestId.length > requestIdLengthMax;
    this.#requestIds.push(
      isLong ? requestId.slice(0, requestIdLengthMax).toWellFormed() : requestId,
    );
    pushId(this.#predictionIds, facts.predictionId, 16);
    pushId(this.#traceIds, trace?.traceId ?? nothing, 16);
    pushId(this.#spanIds, trace?.spanId ?? nothing, 8);
    this.#traceFlags.push(trace?.flags ?? 0);
  }

  /** Everything taken in. */
  seal(): EventRequests {
    return {
      count: this.#rows.length,
      predictionIds: bytesOf(this.#predictionIds),
      rows: this.#rows,
      attempts: this.#attempts,
      roles: this.#roles,
      eventTimesUs: this.#eventTimesUs,
      statuses: this.#statuses,
      queueUs: this.#queueUs,
      runUs: this.#runUs,
      traceIds: bytesOf(this.#traceIds),
      spanIds: bytesOf(this.#spanIds),
      traceFlags: bytesOf(this.#traceFlags),
      requestIds: this.#requestIds,
    };
  }
}

/** Exactly `length` bytes: zeros where there are fewer. */
function pushId(target: GrowingArray, id: Uint8Array, length: number): void {
  for (let index = 0; index < length; index += 1) target.push(id[index] ?? 0);
}

function bytesOf(array: GrowingArray): Uint8Array {
  return array.view() as Uint8Array;
}
