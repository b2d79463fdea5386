import { toHex } from "#core/hex.ts";
import type { PredictionEvent } from "#core/prediction/event.ts";
import { formatPredictionId } from "#core/prediction-id.ts";
import { traceAttribute } from "#core/trace/attribute.ts";
import type { SpanRecord } from "#core/trace/span.ts";
import type { BusMessage } from "#platform/bus/bus.ts";
import { wallUs } from "#platform/clock.ts";
import { randomBytes } from "#platform/random-bytes.ts";
import type { SpanExporter } from "#platform/span-exporter.ts";

const traceIdBytes = 16;
const spanIdBytes = 8;
const predictionIdBytes = 16;
const sampledFlag = 1;
const spansPerMessageMax = 64;
// Older messages are read to catch up, and the traces they belong to are gone.
const ageMsMax = 60_000;

/**
 * The monitor's part in the traces of sampled requests: one span each, a child of the worker's run
 * span, from the moment a message is about to be applied until it has been.
 */
export class ConsumerSpans {
  readonly #exporter: Pick<SpanExporter, "export">;

  constructor(exporter: Pick<SpanExporter, "export">) {
    this.#exporter = exporter;
  }

  /** Tells of a message that has been applied, begun at `startUs`; at most 64 spans. */
  applied(message: BusMessage, event: PredictionEvent, startUs: number): void {
    const { traceFlags } = event.requests;
    const endUs = wallUs();
    if (endUs / 1000 - message.timeMs > ageMsMax) return;
    let spans = 0;
    for (let index = 0; index < traceFlags.length && spans < spansPerMessageMax; index += 1) {
      if (((traceFlags[index] ?? 0) & sampledFlag) === 0) continue;
      spans += 1;
      this.#exporter.export({ ...spanOf(message, event, index), startUs, endUs });
    }
  }
}

function spanOf(
  message: BusMessage,
  event: PredictionEvent,
  index: number,
): Omit<SpanRecord, "startUs" | "endUs"> {
  const { traceIds, spanIds, predictionIds, rows } = event.requests;
  const predictionId = part(predictionIds, index, predictionIdBytes);
  return {
    traceId: toHex(part(traceIds, index, traceIdBytes)),
    spanId: toHex(randomBytes(spanIdBytes)),
    parentSpanId: toHex(part(spanIds, index, spanIdBytes)),
    name: "process sluice.prediction",
    kind: "consumer",
    attributes: {
      [traceAttribute.model]: event.model,
      [traceAttribute.version]: event.version,
      [traceAttribute.predictionId]: formatPredictionId(predictionId),
      "sluice.rows": rows[index] ?? 0,
      "messaging.system": "nats",
      "messaging.operation.type": "process",
      "messaging.destination.name": message.subject,
    },
    events: [],
    links: [],
    error: undefined,
  };
}

function part(bytes: Uint8Array, index: number, size: number): Uint8Array {
  return bytes.subarray(index * size, (index + 1) * size);
}
