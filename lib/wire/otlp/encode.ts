/**
 * OTLP traces as protobuf, written by hand: generated code takes three times as long, and at full
 * sampling every request is a handful of spans. The fields are those of
 * `proto/opentelemetry/trace.proto`, whose generated code the tests compare with.
 */
import type { Attributes, AttributeValue, SpanEvent, SpanRecord } from "#core/trace/span.ts";
import { StatusCode } from "#gen/opentelemetry/trace_pb.ts";
import { BackwardWriter } from "./backward-writer.ts";
import { numberOfKind } from "./kind.ts";

export type SpanSource = {
  /** Becomes `service.name`. */
  readonly service: string;
  /** Further attributes of the resource. */
  readonly attributes: Attributes;
};

const scopeName = "sluice";
/** Most are smaller; the buffer grows where more are not. */
const spanBytesExpected = 640;

/** An OTLP traces request as protobuf. Attributes that are whole numbers travel as integers. */
export function encodeTraces(
  source: SpanSource,
  spans: readonly SpanRecord[],
): Uint8Array<ArrayBuffer> {
  const writer = new BackwardWriter(1024 + spans.length * spanBytesExpected);
  for (let index = spans.length - 1; index >= 0; index -= 1) {
    const span = spans[index];
    if (span !== undefined) writeSpan(writer, span);
  }
  const scoped = writer.written;
  writer.text(1, scopeName);
  writer.message(1, scoped);
  writer.message(2, 0);
  const resource = writer.written;
  writeAttributes(writer, 1, { "service.name": source.service, ...source.attributes });
  writer.message(1, resource);
  writer.message(1, 0);
  return writer.finish();
}

function writeSpan(writer: BackwardWriter, span: SpanRecord): void {
  const before = writer.written;
  if (span.error !== undefined) writeError(writer, span.error);
  for (let index = span.links.length - 1; index >= 0; index -= 1) {
    const inLink = writer.written;
    const link = span.links[index];
    writer.hex(2, link?.spanId ?? "");
    writer.hex(1, link?.traceId ?? "");
    writer.message(13, inLink);
  }
  for (let index = span.events.length - 1; index >= 0; index -= 1) {
    const event = span.events[index];
    if (event !== undefined) writeEvent(writer, event);
  }
  writeAttributes(writer, 9, span.attributes);
  writer.nanos(8, span.endUs);
  writer.nanos(7, span.startUs);
  writer.integer(6, numberOfKind[span.kind]);
  if (span.name !== "") writer.text(5, span.name);
  writer.hex(4, span.parentSpanId);
  writer.hex(2, span.spanId);
  writer.hex(1, span.traceId);
  writer.message(2, before);
}

function writeError(writer: BackwardWriter, message: string): void {
  const before = writer.written;
  writer.integer(3, StatusCode.ERROR);
  if (message !== "") writer.text(2, message);
  writer.message(15, before);
}

function writeEvent(writer: BackwardWriter, event: SpanEvent): void {
  const before = writer.written;
  writeAttributes(writer, 3, event.attributes);
  if (event.name !== "") writer.text(2, event.name);
  writer.nanos(1, event.timeUs);
  writer.message(11, before);
}

function writeAttributes(writer: BackwardWriter, field: number, attributes: Attributes): void {
  const keys = Object.keys(attributes);
  for (let index = keys.length - 1; index >= 0; index -= 1) {
    const key = keys[index] ?? "";
    const before = writer.written;
    writeValue(writer, attributes[key] ?? "");
    writer.message(2, before);
    if (key !== "") writer.text(1, key);
    writer.message(field, before);
  }
}

/** Which one it is of the kinds of values is told even where the value is its default. */
function writeValue(writer: BackwardWriter, value: AttributeValue): void {
  if (typeof value === "string") writer.text(1, value);
  else if (typeof value === "boolean") writer.integer(2, value ? 1 : 0);
  else if (Number.isSafeInteger(value)) writer.integer(3, value);
  else writer.double(4, value);
}
