import type { Role } from "#core/prediction/event.ts";
import { type Arrival, type BatchFacts, idPlaces, type Outcome, type WorkMethod } from "./work.ts";

/** What of a request's arrival its spans tell. */
export type TracedArrival = Pick<
  Arrival,
  "ids" | "method" | "attempt" | "role" | "arrivedUs" | "traceFlags"
>;
/** What spans are made of. */
export type TracedRequest = Omit<TracedArrival, "traceFlags"> & Outcome;

const methods: readonly WorkMethod[] = ["ModelInfer", "Predict"];
const roles: readonly Role[] = ["primary", "hedge", "shadow"];
const countFields = 8;
const uint32Max = 2 ** 32 - 1;

/**
 * The latest requests, of which nearly all are forgotten again unread: their ids and numbers lie in
 * arrays that are allocated once, and finding one goes over all of them.
 */
export class TraceRing {
  readonly #recordsMax: number;
  readonly #ids: Uint8Array;
  /** The last four bytes of each prediction id; 0 also where there is nothing. */
  readonly #marks: Int32Array;
  readonly #timesUs: Float64Array;
  readonly #counts: Uint32Array;
  readonly #errors: (string | undefined)[];
  readonly #batches: (readonly BatchFacts[] | undefined)[];
  #next = 0;

  constructor(options: { readonly recordsMax: number }) {
    const { recordsMax } = options;
    this.#recordsMax = recordsMax;
    this.#ids = new Uint8Array(recordsMax * idPlaces.end);
    this.#marks = new Int32Array(recordsMax);
    this.#timesUs = new Float64Array(recordsMax * 2);
    this.#counts = new Uint32Array(recordsMax * countFields);
    this.#errors = new Array(recordsMax).fill(undefined);
    this.#batches = new Array(recordsMax).fill(undefined);
  }

  /** Remembers a request in place of the oldest. */
  add(arrival: TracedArrival, outcome: Outcome): void {
    const slot = this.#next;
    this.#next = (slot + 1) % this.#recordsMax;
    const { ids } = arrival;
    for (let at = 0; at < idPlaces.end; at += 1) {
      this.#ids[slot * idPlaces.end + at] = ids[at] as number;
    }
    this.#marks[slot] = markOf(ids);
    this.#timesUs[slot * 2] = arrival.arrivedUs;
    this.#timesUs[slot * 2 + 1] = outcome.endedUs;
    const { timings } = outcome;
    const counts = this.#counts;
    let at = slot * countFields;
    counts[at] = methods.indexOf(arrival.method) * roles.length + roles.indexOf(arrival.role);
    counts[++at] = arrival.attempt;
    counts[++at] = Math.min(outcome.rows, uint32Max);
    counts[++at] = outcome.status;
    counts[++at] = bounded(timings.decodeUs);
    counts[++at] = bounded(timings.queueUs);
    counts[++at] = bounded(timings.runUs);
    counts[++at] = bounded(timings.encodeUs);
    this.#errors[slot] = outcome.error;
    this.#batches[slot] = outcome.batches;
  }

  /** Takes out every attempt at a prediction, the oldest first. */
  take(predictionId: Uint8Array): TracedRequest[] {
    const mark = markOf(predictionId);
    const found: TracedRequest[] = [];
    for (let slot = this.#marks.indexOf(mark); slot >= 0; ) {
      if (this.#batches[slot] !== undefined && this.#has(slot, predictionId)) {
        found.push(this.#read(slot));
        this.#batches[slot] = undefined;
        this.#errors[slot] = undefined;
        this.#marks[slot] = 0;
      }
      slot = this.#marks.indexOf(mark, slot + 1);
    }
    return found.sort((one, other) => one.endedUs - other.endedUs);
  }

  #has(slot: number, predictionId: Uint8Array): boolean {
    for (let at = 0; at < idPlaces.trace; at += 1) {
      if (this.#ids[slot * idPlaces.end + at] !== predictionId[at]) return false;
    }
    return true;
  }

  #read(slot: number): TracedRequest {
    const from = slot * countFields;
    const [kind = 0, attempt = 0, rows = 0, status = 0, ...timings] = this.#counts.subarray(
      from,
      from + countFields,
    );
    const [decodeUs = 0, queueUs = 0, runUs = 0, encodeUs = 0] = timings;
    return {
      ids: this.#ids.slice(slot * idPlaces.end, (slot + 1) * idPlaces.end),
      method: methods[Math.floor(kind / roles.length)] ?? "ModelInfer",
      role: roles[kind % roles.length] ?? "primary",
      attempt,
      rows,
      status,
      error: this.#errors[slot],
      arrivedUs: this.#timesUs[slot * 2] ?? 0,
      endedUs: this.#timesUs[slot * 2 + 1] ?? 0,
      timings: { decodeUs, queueUs, runUs, encodeUs },
      batches: this.#batches[slot] ?? [],
    };
  }
}

/** Of a UUIDv7 the last bytes are random. */
function markOf(ids: Uint8Array): number {
  return ((ids[12] ?? 0) << 24) | ((ids[13] ?? 0) << 16) | ((ids[14] ?? 0) << 8) | (ids[15] ?? 0);
}

function bounded(us: number): number {
  return Math.min(Math.max(0, us), uint32Max);
}
