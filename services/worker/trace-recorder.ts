/**
 * Remembers how recent requests went, and turns those into spans whose trace is kept: sampled ones
 * as soon as they are answered, others when the gateway asks for them. All that is remembered is
 * numbers and ids; a request that nobody asks for costs no span.
 */
import { toHex } from "#core/hex.ts";
import { formatRef, type ModelRef } from "#core/model/name.ts";
import type { Role } from "#core/prediction/event.ts";
import { formatPredictionId } from "#core/prediction-id.ts";
import { traceAttribute } from "#core/trace/attribute.ts";
import type { Attributes, SpanEvent, SpanLink, SpanRecord } from "#core/trace/span.ts";
import type { SpanExporter } from "#platform/span-exporter.ts";
import type { BatchFacts, WorkMethod, WorkTimings, WorkTrace } from "./work.ts";

export type TracedRequest = {
  readonly predictionId: Uint8Array;
  readonly trace: WorkTrace;
  readonly method: WorkMethod;
  readonly attempt: number;
  readonly role: Role;
  readonly rows: number;
  readonly status: number;
  /** What went wrong; undefined for a request that was answered. */
  readonly error: string | undefined;
  /** Microseconds since 1970. */
  readonly arrivedUs: number;
  readonly endedUs: number;
  readonly timings: WorkTimings;
  readonly batches: readonly BatchFacts[];
};

export type TraceRecorderOptions = {
  readonly ref: ModelRef;
  readonly recordsMax: number;
};

const sampledFlag = 1;
/** Requests that are asked for before they are answered. */
const earlyKeepsMax = 1024;

export class TraceRecorder {
  readonly #options: TraceRecorderOptions;
  readonly #exporter: Pick<SpanExporter, "export">;
  readonly #ring: TracedRequest[] = [];
  #next = 0;
  /** The attempts of a prediction that this worker made and still remembers. */
  readonly #byPrediction = new Map<string, TracedRequest[]>();
  readonly #early = new Set<string>();
  /** Kept in this turn of the event loop; their spans are made at its end. */
  #kept: TracedRequest[] = [];

  constructor(
    options: TraceRecorderOptions,
    modules: { readonly exporter: Pick<SpanExporter, "export"> },
  ) {
    this.#options = options;
    this.#exporter = modules.exporter;
  }

  /** Remembers a request that has ended. */
  record(request: TracedRequest): void {
    const key = keyOf(request.predictionId);
    if ((request.trace.flags & sampledFlag) !== 0 || this.#early.delete(key)) {
      this.#keep(request);
      return;
    }
    this.#forget(this.#ring[this.#next]);
    this.#ring[this.#next] = request;
    this.#next = (this.#next + 1) % this.#options.recordsMax;
    const attempts = this.#byPrediction.get(key);
    if (attempts === undefined) this.#byPrediction.set(key, [request]);
    else attempts.push(request);
  }

  /**
   * Makes spans of a prediction's requests: of those remembered, or else of the next one to end.
   */
  keep(predictionId: Uint8Array): void {
    const key = keyOf(predictionId);
    const attempts = this.#byPrediction.get(key);
    if (attempts === undefined) {
      // Of a request that is forgotten or has its spans already nothing comes: the oldest give way.
      const [oldest] = this.#early;
      if (this.#early.size >= earlyKeepsMax && oldest !== undefined) this.#early.delete(oldest);
      this.#early.add(key);
      return;
    }
    this.#byPrediction.delete(key);
    for (const request of attempts) this.#keep(request);
  }

  #keep(request: TracedRequest): void {
    // The members of a batch end in one turn: waiting for its end, the batch span can link to all
    // of them.
    if (this.#kept.length === 0) setImmediate(() => this.#emit());
    this.#kept.push(request);
  }

  #emit(): void {
    const kept = this.#kept;
    this.#kept = [];
    for (const request of kept) {
      this.#exporter.export(this.#runSpan(request));
      for (const batch of request.batches) {
        if (batch.isTraced) continue;
        batch.isTraced = true;
        const members = kept.filter(({ batches }) => batches.includes(batch));
        this.#exporter.export(this.#batchSpan(batch, request, members));
      }
    }
  }

  #runSpan(request: TracedRequest): SpanRecord {
    const { trace, batches, timings, arrivedUs } = request;
    const decodedUs = arrivedUs + timings.decodeUs;
    const traceId = toHex(trace.traceId);
    const [first] = batches;
    return {
      traceId,
      spanId: toHex(trace.runSpanId),
      parentSpanId: toHex(trace.attemptSpanId),
      name: `run ${formatRef(this.#options.ref)}`,
      kind: "server",
      startUs: arrivedUs,
      endUs: request.endedUs,
      attributes: {
        ...this.#modelAttributes(),
        [traceAttribute.predictionId]: formatPredictionId(request.predictionId),
        "sluice.method": request.method,
        "sluice.attempt": request.attempt,
        "sluice.role": request.role,
        "sluice.rows": request.rows,
        "sluice.decode_us": timings.decodeUs,
        "sluice.queue_us": timings.queueUs,
        "sluice.run_us": timings.runUs,
        "sluice.encode_us": timings.encodeUs,
        "rpc.grpc.status_code": request.status,
        ...(first === undefined ? {} : batchAttributes(first)),
      },
      events: [
        stage("decoded", decodedUs),
        ...(first === undefined ? [] : [stage("run started", first.startedUs)]),
        ...batches
          .slice(-1)
          .flatMap(({ endedUs }) => (endedUs > 0 ? [stage("run ended", endedUs)] : [])),
      ],
      links: batches.map((batch) => ({ traceId, spanId: toHex(batch.spanId) })),
      error: request.error,
    };
  }

  #batchSpan(
    batch: BatchFacts,
    parent: TracedRequest,
    members: readonly TracedRequest[],
  ): SpanRecord {
    return {
      traceId: toHex(parent.trace.traceId),
      spanId: toHex(batch.spanId),
      parentSpanId: toHex(parent.trace.runSpanId),
      name: `batch ${formatRef(this.#options.ref)}`,
      kind: "internal",
      startUs: batch.startedUs,
      endUs: Math.max(batch.startedUs, batch.endedUs),
      attributes: { ...this.#modelAttributes(), ...batchAttributes(batch) },
      events: [],
      links: members.map(
        ({ trace }): SpanLink => ({
          traceId: toHex(trace.traceId),
          spanId: toHex(trace.runSpanId),
        }),
      ),
      error: undefined,
    };
  }

  #modelAttributes(): Attributes {
    const { model, version } = this.#options.ref;
    return { [traceAttribute.model]: model, [traceAttribute.version]: version };
  }

  #forget(request: TracedRequest | undefined): void {
    if (request === undefined) return;
    const key = keyOf(request.predictionId);
    const attempts = this.#byPrediction.get(key);
    if (attempts === undefined) return;
    const rest = attempts.filter((each) => each !== request);
    if (rest.length > 0) this.#byPrediction.set(key, rest);
    else this.#byPrediction.delete(key);
  }
}

function keyOf(predictionId: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = predictionId;
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}

function batchAttributes({ rows, requests, closedBy }: BatchFacts): Attributes {
  return {
    "sluice.batch.rows": rows,
    "sluice.batch.requests": requests,
    "sluice.batch.closed_by": closedBy,
  };
}

function stage(name: string, timeUs: number): SpanEvent {
  return { name, timeUs, attributes: {} };
}
