import { traceAttribute } from "./attribute.ts";
import type { Attributes, SpanRecord } from "./span.ts";

/** A span with the service that emitted it. */
export type StoredSpan = { readonly service: string; readonly span: SpanRecord };

/**
 * What an engine's object, its string headers and a map entry take, measured on V8; errs upwards.
 */
const bytesPerSpan = 700;
const bytesPerPart = 120;
const bytesPerAttribute = 100;

/** The spans of one trace that have arrived so far. */
export class StoredTrace {
  readonly traceId: string;
  readonly #spans = new Map<string, StoredSpan>();
  readonly #models = new Set<string>();
  readonly #predictionIds = new Set<string>();
  #bytes = bytesPerSpan;
  #isFailed = false;
  #durationUs = 0;

  constructor(traceId: string) {
    this.traceId = traceId;
  }

  /** Takes a span; false when it is here already. */
  add(stored: StoredSpan): boolean {
    const { span } = stored;
    if (this.#spans.has(span.spanId)) return false;
    this.#spans.set(span.spanId, stored);
    this.#bytes += bytesOf(stored);
    this.#isFailed ||= span.error !== undefined;
    this.#durationUs = Math.max(this.#durationUs, span.endUs - span.startUs);
    addText(this.#models, span.attributes[traceAttribute.model]);
    addText(this.#predictionIds, span.attributes[traceAttribute.predictionId]);
    return true;
  }

  get spanCount(): number {
    return this.#spans.size;
  }

  /** About how much memory the trace takes. */
  get bytes(): number {
    return this.#bytes;
  }

  get isFailed(): boolean {
    return this.#isFailed;
  }

  /** That of its longest span: what follows later in the monitor does not make a request slow. */
  get durationUs(): number {
    return this.#durationUs;
  }

  get models(): ReadonlySet<string> {
    return this.#models;
  }

  get predictionIds(): ReadonlySet<string> {
    return this.#predictionIds;
  }

  /** In order of start; a parent comes before a child that starts with it. */
  spans(): StoredSpan[] {
    return [...this.#spans.values()].sort(
      ({ span: a }, { span: b }) => a.startUs - b.startUs || b.endUs - a.endUs,
    );
  }

  /** The first span whose parent is not in the trace: its root, once that has arrived. */
  root(): StoredSpan | undefined {
    return this.spans().find(({ span }) => !this.#spans.has(span.parentSpanId));
  }
}

function addText(set: Set<string>, value: unknown): void {
  if (typeof value === "string" && value !== "") set.add(value);
}

function bytesOf({ service, span }: StoredSpan): number {
  let bytes = bytesPerSpan + bytesOfAttributes(span.attributes);
  bytes += 2 * (service.length + span.name.length + (span.error?.length ?? 0));
  for (const event of span.events) {
    bytes += bytesPerPart + 2 * event.name.length + bytesOfAttributes(event.attributes);
  }
  return bytes + span.links.length * bytesPerPart;
}

function bytesOfAttributes(attributes: Attributes): number {
  let bytes = 0;
  for (const [key, value] of Object.entries(attributes)) {
    bytes += bytesPerAttribute + 2 * (key.length + (typeof value === "string" ? value.length : 0));
  }
  return bytes;
}
