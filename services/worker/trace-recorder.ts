/**
 * Remembers how recent requests went, and turns those into spans whose trace is kept: sampled ones
 * as soon as they are answered, others when the gateway asks for them. All that is remembered is
 * numbers and ids; a request that nobody asks for costs no span.
 */
import { toHex } from "#core/hex.ts";
import { formatRef, type ModelRef } from "#core/model/name.ts";
import { formatPredictionId } from "#core/prediction-id.ts";
import { traceAttribute } from "#core/trace/attribute.ts";
import type { Attributes, SpanEvent, SpanLink, SpanRecord } from "#core/trace/span.ts";
import type { SpanExporter } from "#platform/span-exporter.ts";
import { type TracedArrival, type TracedRequest, TraceRing } from "./trace-ring.ts";
import { type BatchFacts, idOf, idPlaces, isSampled, type Outcome } from "./work.ts";

export type TraceRecorderOptions = {
  readonly ref: ModelRef;
  readonly recordsMax: number;
};

/** Requests that are asked for before they are answered. */
const earlyKeepsMax = 1024;

export class TraceRecorder {
  readonly #options: TraceRecorderOptions;
  readonly #exporter: Pick<SpanExporter, "export">;
  readonly #ring: TraceRing;
  readonly #early = new Set<number>();
  /** Kept in this turn of the event loop; their spans are made at its end. */
  #kept: TracedRequest[] = [];

  constructor(
    options: TraceRecorderOptions,
    modules: { readonly exporter: Pick<SpanExporter, "export"> },
  ) {
    this.#options = options;
    this.#ring = new TraceRing(options);
    this.#exporter = modules.exporter;
  }

  /** Remembers a request that has ended. */
  record(arrival: TracedArrival, outcome: Outcome): void {
    if (isSampled(arrival) || this.#wasAskedFor(arrival)) this.#keep({ ...arrival, ...outcome });
    else this.#ring.add(arrival, outcome);
  }

  /**
   * Makes spans of a prediction's requests: of those remembered, or else of the next one to end.
   */
  keep(predictionId: Uint8Array): void {
    const attempts = this.#ring.take(predictionId);
    for (const request of attempts) this.#keep(request);
    if (attempts.length > 0) return;
    // Of a request that is forgotten or has its spans already nothing comes: the oldest give way.
    const [oldest] = this.#early;
    if (this.#early.size >= earlyKeepsMax && oldest !== undefined) this.#early.delete(oldest);
    this.#early.add(keyOf(predictionId));
  }

  #wasAskedFor({ ids }: TracedArrival): boolean {
    return this.#early.size > 0 && this.#early.delete(keyOf(ids));
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
    const { ids, batches, timings, arrivedUs } = request;
    const decodedUs = arrivedUs + timings.decodeUs;
    const traceId = toHex(idOf(ids, "trace"));
    const [first] = batches;
    return {
      traceId,
      spanId: toHex(idOf(ids, "runSpan")),
      parentSpanId: toHex(idOf(ids, "attemptSpan")),
      name: `run ${formatRef(this.#options.ref)}`,
      kind: "server",
      startUs: arrivedUs,
      endUs: request.endedUs,
      attributes: {
        ...this.#modelAttributes(),
        [traceAttribute.predictionId]: formatPredictionId(idOf(ids, "prediction")),
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
      traceId: toHex(idOf(parent.ids, "trace")),
      spanId: toHex(batch.spanId),
      parentSpanId: toHex(idOf(parent.ids, "runSpan")),
      name: `batch ${formatRef(this.#options.ref)}`,
      kind: "internal",
      startUs: batch.startedUs,
      endUs: Math.max(batch.startedUs, batch.endedUs),
      attributes: { ...this.#modelAttributes(), ...batchAttributes(batch) },
      events: [],
      links: members.map(
        ({ ids }): SpanLink => ({
          traceId: toHex(idOf(ids, "trace")),
          spanId: toHex(idOf(ids, "runSpan")),
        }),
      ),
      error: undefined,
    };
  }

  #modelAttributes(): Attributes {
    const { model, version } = this.#options.ref;
    return { [traceAttribute.model]: model, [traceAttribute.version]: version };
  }
}

/** The last six bytes of the prediction id that `ids` are or begin with, all of them random. */
function keyOf(ids: Uint8Array): number {
  let key = 0;
  for (let at = idPlaces.trace - 6; at < idPlaces.trace; at += 1) key = key * 256 + (ids[at] ?? 0);
  return key;
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
