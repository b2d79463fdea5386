import { traceAttribute } from "./attribute.ts";
import { type StoredSpan, StoredTrace } from "./stored-trace.ts";

export type TraceStoreOptions = {
  /** Ordinary traces, neither slow nor failed. */
  readonly tracesMax: number;
  /** All traces together, as accounted. */
  readonly bytesMax: number;
  readonly spansPerTraceMax: number;
  /** A trace is slow when a span of it took at least this long. */
  readonly slowUs: number;
};

export type TraceQuery = {
  readonly limit: number;
  readonly model?: string;
  readonly isFailed?: boolean;
  readonly durationUsMin?: number;
};

export type TraceLookup =
  | { readonly kind: "found"; readonly trace: StoredTrace }
  /** The beginning of several ids. */
  | { readonly kind: "ambiguous"; readonly traceIds: readonly string[] }
  | { readonly kind: "unknown" }
  /** Not the form of any id. */
  | { readonly kind: "invalid" };

const idForm = /^[0-9a-f]{8,32}$/;
const predictionIdForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Keeps the latest traces, and for longer those that are slow or failed. Traces age from the
 * arrival of their first span; later spans join them. Beyond `tracesMax` the oldest ordinary trace
 * goes; beyond `bytesMax` the oldest of all, be it the one that grows.
 */
export class TraceStore {
  readonly #options: TraceStoreOptions;
  /** By id, oldest first. */
  readonly #traces = new Map<string, StoredTrace>();
  /** Ids of ordinary traces, oldest first. */
  readonly #ordinary = new Set<string>();
  readonly #traceIdOfPrediction = new Map<string, string>();
  #bytes = 0;
  #spans = 0;
  #spansDropped = 0;

  constructor(options: TraceStoreOptions) {
    this.#options = options;
  }

  get traces(): number {
    return this.#traces.size;
  }

  get spans(): number {
    return this.#spans;
  }

  /** About how much memory the traces take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Spans beyond what one trace may have. Spans that went with their trace are not counted. */
  get spansDropped(): number {
    return this.#spansDropped;
  }

  /**
   * Takes a span, whatever the order spans arrive in. A span that is known already changes nothing.
   */
  add(stored: StoredSpan): void {
    const trace = this.#traceOf(stored.span.traceId);
    if (trace.spanCount >= this.#options.spansPerTraceMax) {
      this.#spansDropped += 1;
      return;
    }
    const bytesBefore = trace.bytes;
    if (!trace.add(stored)) return;
    this.#spans += 1;
    this.#bytes += trace.bytes - bytesBefore;
    const predictionId = stored.span.attributes[traceAttribute.predictionId];
    if (typeof predictionId === "string") {
      this.#traceIdOfPrediction.set(predictionId, trace.traceId);
    }
    if (this.#isKept(trace)) this.#ordinary.delete(trace.traceId);
    this.#evict();
  }

  /** Newest first. */
  list(query: TraceQuery): StoredTrace[] {
    const found: StoredTrace[] = [];
    for (const trace of [...this.#traces.values()].reverse()) {
      if (found.length >= query.limit) break;
      if (matches(query, trace)) found.push(trace);
    }
    return found;
  }

  /** Finds a trace by its id, the first 8 or more digits of it, or a prediction id. */
  find(id: string): TraceLookup {
    const wanted = id.toLowerCase();
    const traceId = this.#traceIdOfPrediction.get(wanted) ?? wanted;
    const trace = this.#traces.get(traceId);
    if (trace !== undefined) return { kind: "found", trace };
    if (predictionIdForm.test(wanted)) return { kind: "unknown" };
    if (!idForm.test(wanted)) return { kind: "invalid" };
    return this.#findByPrefix(wanted);
  }

  #findByPrefix(prefix: string): TraceLookup {
    const traceIds = [...this.#traces.keys()].filter((traceId) => traceId.startsWith(prefix));
    const [first, ...more] = traceIds;
    const trace = first === undefined ? undefined : this.#traces.get(first);
    if (trace === undefined) return { kind: "unknown" };
    return more.length > 0 ? { kind: "ambiguous", traceIds } : { kind: "found", trace };
  }

  #traceOf(traceId: string): StoredTrace {
    const known = this.#traces.get(traceId);
    if (known !== undefined) return known;
    const trace = new StoredTrace(traceId);
    this.#traces.set(traceId, trace);
    this.#ordinary.add(traceId);
    this.#bytes += trace.bytes;
    return trace;
  }

  #isKept(trace: StoredTrace): boolean {
    return trace.isFailed || trace.durationUs >= this.#options.slowUs;
  }

  #evict(): void {
    while (this.#ordinary.size > this.#options.tracesMax) this.#remove(first(this.#ordinary));
    while (this.#bytes > this.#options.bytesMax) {
      this.#remove(first(this.#traces.keys()));
    }
  }

  #remove(traceId: string | undefined): void {
    const trace = traceId === undefined ? undefined : this.#traces.get(traceId);
    if (trace === undefined) return;
    this.#traces.delete(trace.traceId);
    this.#ordinary.delete(trace.traceId);
    for (const id of trace.predictionIds) {
      if (this.#traceIdOfPrediction.get(id) === traceId) this.#traceIdOfPrediction.delete(id);
    }
    this.#bytes -= trace.bytes;
    this.#spans -= trace.spanCount;
  }
}

function matches(query: TraceQuery, trace: StoredTrace): boolean {
  if (query.model !== undefined && !trace.models.has(query.model)) return false;
  if (query.isFailed === true && !trace.isFailed) return false;
  return trace.durationUs >= (query.durationUsMin ?? 0);
}

function first<T>(values: Iterable<T>): T | undefined {
  for (const value of values) return value;
  return undefined;
}
