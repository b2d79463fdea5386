import { type Span, SpanKind, type Tracer } from "@opentelemetry/api";
import { toHex } from "#core/hex.ts";
import type { PredictionEvent } from "#core/prediction/event.ts";
import { formatPredictionId } from "#core/prediction-id.ts";
import { traceAttribute } from "#core/trace/attribute.ts";
import type { BusMessage } from "#platform/bus/bus.ts";
import { childOf } from "#platform/tracing.ts";

/** Spans under way for one message. */
export type MessageSpans = { readonly end: () => void };

const spansPerMessageMax = 64;
// Older messages are read to catch up, and the traces they belong to are gone.
const ageMsMax = 60_000;

/**
 * The monitor's part in the traces of sampled requests: one span each, a child of the worker's run
 * span.
 */
export class ConsumerSpans {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  /**
   * Starts the spans of a message that is about to be applied, at most 64; undefined where none is
   * due.
   */
  begin(message: BusMessage, event: PredictionEvent): MessageSpans | undefined {
    if (Date.now() - message.timeMs > ageMsMax) return undefined;
    const { traceFlags } = event.requests;
    const spans: Span[] = [];
    for (let index = 0; index < traceFlags.length; index += 1) {
      if (((traceFlags[index] ?? 0) & 1) === 0) continue;
      if (spans.length >= spansPerMessageMax) break;
      spans.push(this.#start(message, event, index));
    }
    if (spans.length === 0) return undefined;
    return {
      end: () => {
        for (const span of spans) span.end();
      },
    };
  }

  #start(message: BusMessage, event: PredictionEvent, index: number): Span {
    const { traceIds, spanIds, predictionIds, rows } = event.requests;
    const traceId = toHex(traceIds.subarray(index * 16, index * 16 + 16));
    const spanId = toHex(spanIds.subarray(index * 8, index * 8 + 8));
    const predictionId = predictionIds.subarray(index * 16, index * 16 + 16);
    const attributes = {
      [traceAttribute.model]: event.model,
      [traceAttribute.version]: event.version,
      [traceAttribute.predictionId]: formatPredictionId(predictionId),
      "sluice.rows": rows[index] ?? 0,
      "messaging.system": "nats",
      "messaging.operation.type": "process",
      "messaging.destination.name": message.subject,
    };
    const parent = childOf({ traceId, spanId, sampled: true });
    return this.#tracer.startSpan(
      "process sluice.prediction",
      { kind: SpanKind.CONSUMER, attributes },
      parent,
    );
  }
}
