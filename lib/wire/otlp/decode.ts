/**
 * Reads OTLP traces straight into span records: generated code makes an object of every attribute
 * and of its value first, and takes several times as long. What `from-message.ts` makes of a
 * decoded request is what comes of the same bytes here; the tests compare the two.
 */
import { fromBinary } from "@bufbuild/protobuf";
import type { AttributeValue, SpanEvent, SpanLink } from "#core/trace/span.ts";
import { AnyValueSchema, StatusCode } from "#gen/opentelemetry/trace_pb.ts";
import { type ReceivedSpan, type ReceivedSpans, toAttribute } from "./from-message.ts";
import { kindOfNumber } from "./kind.ts";
import { attributesMax, eventsMax, linksMax } from "./limits.ts";
import { requireFewParts } from "./parts.ts";
import { SpanCursor } from "./span-cursor.ts";

const traceIdBytes = 16;
const spanIdBytes = 8;
const unknownService = "unknown_service";

type MutableAttributes = Record<string, AttributeValue>;

/**
 * Reads an OTLP traces request in protobuf. Throws when the bytes are none, or have too many parts.
 */
export function decodeTraces(bytes: Uint8Array): ReceivedSpans {
  requireFewParts(bytes);
  const cursor = new SpanCursor(bytes);
  const spans: ReceivedSpan[] = [];
  let rejected = 0;
  while (cursor.next()) {
    if (cursor.number === 1) rejected += readGroup(cursor, spans);
    else cursor.skip();
  }
  return { spans, rejected };
}

/** The spans of one resource; gives back how many had invalid ids. */
function readGroup(cursor: SpanCursor, spans: ReceivedSpan[]): number {
  const outer = cursor.open("resource_spans");
  const from = cursor.at;
  // What the resource says may stand behind the spans.
  const service = serviceOf(cursor);
  cursor.at = from;
  let rejected = 0;
  while (cursor.next()) {
    if (cursor.number !== 2) {
      cursor.skip();
      continue;
    }
    const inGroup = cursor.open("scope_spans");
    while (cursor.next()) {
      if (cursor.number !== 2) cursor.skip();
      else if (!readSpan(cursor, service, spans)) rejected += 1;
    }
    cursor.leave(inGroup);
  }
  cursor.leave(outer);
  return rejected;
}

function serviceOf(cursor: SpanCursor): string {
  const attributes: MutableAttributes = {};
  let count = 0;
  while (cursor.next()) {
    if (cursor.number !== 1) {
      cursor.skip();
      continue;
    }
    const inGroup = cursor.open("resource");
    while (cursor.next()) {
      if (cursor.number !== 1) cursor.skip();
      else count = readAttribute(cursor, attributes, count);
    }
    cursor.leave(inGroup);
  }
  const service = attributes["service.name"];
  return typeof service === "string" ? service : unknownService;
}

/** False where its ids are invalid. */
function readSpan(cursor: SpanCursor, service: string, spans: ReceivedSpan[]): boolean {
  const outer = cursor.open("span");
  let traceId = "";
  let spanId = "";
  let parentSpanId = "";
  let name = "";
  let kind = 0;
  let startUs = 0;
  let endUs = 0;
  let attributesRead = 0;
  const attributes: MutableAttributes = {};
  const events: SpanEvent[] = [];
  const links: SpanLink[] = [];
  const status = { code: 0, message: "" };
  while (cursor.next()) {
    const { number } = cursor;
    if (number === 1) traceId = cursor.id("trace_id", traceIdBytes);
    else if (number === 2) spanId = cursor.id("span_id", spanIdBytes);
    else if (number === 4) parentSpanId = cursor.id("parent_span_id", spanIdBytes);
    else if (number === 5) name = cursor.cutText("name");
    else if (number === 6) kind = cursor.choice("kind");
    else if (number === 7) startUs = cursor.micros("start_time_unix_nano");
    else if (number === 8) endUs = cursor.micros("end_time_unix_nano");
    else if (number === 9) attributesRead = readAttribute(cursor, attributes, attributesRead);
    else if (number === 11 && events.length < eventsMax) events.push(readEvent(cursor));
    else if (number === 13 && links.length < linksMax) readLink(cursor, links);
    else if (number === 15) readStatus(cursor, status);
    else cursor.skip();
  }
  cursor.leave(outer);
  if (traceId === "" || spanId === "") return false;
  const error = status.code === StatusCode.ERROR ? status.message || "failed" : undefined;
  const ids = { traceId, spanId, parentSpanId };
  const times = { startUs, endUs: Math.max(startUs, endUs) };
  const said = { name, kind: kindOfNumber.get(kind) ?? "internal", attributes };
  spans.push({ service, span: { ...ids, ...said, ...times, events, links, error } });
  return true;
}

function readEvent(cursor: SpanCursor): SpanEvent {
  const outer = cursor.open("event");
  let timeUs = 0;
  let name = "";
  let attributesRead = 0;
  const attributes: MutableAttributes = {};
  while (cursor.next()) {
    if (cursor.number === 1) timeUs = cursor.micros("time_unix_nano");
    else if (cursor.number === 2) name = cursor.cutText("name");
    else if (cursor.number === 3)
      attributesRead = readAttribute(cursor, attributes, attributesRead);
    else cursor.skip();
  }
  cursor.leave(outer);
  return { name, timeUs, attributes };
}

/** Those with invalid ids are left out. */
function readLink(cursor: SpanCursor, links: SpanLink[]): void {
  const outer = cursor.open("link");
  let traceId = "";
  let spanId = "";
  while (cursor.next()) {
    if (cursor.number === 1) traceId = cursor.id("trace_id", traceIdBytes);
    else if (cursor.number === 2) spanId = cursor.id("span_id", spanIdBytes);
    else cursor.skip();
  }
  cursor.leave(outer);
  if (traceId !== "" && spanId !== "") links.push({ traceId, spanId });
}

function readStatus(cursor: SpanCursor, status: { code: number; message: string }): void {
  const outer = cursor.open("status");
  while (cursor.next()) {
    if (cursor.number === 2) status.message = cursor.cutText("message");
    else if (cursor.number === 3) status.code = cursor.choice("code");
    else cursor.skip();
  }
  cursor.leave(outer);
}

/** Adds one to those that are kept; gives back how many have been read. */
function readAttribute(cursor: SpanCursor, attributes: MutableAttributes, read: number): number {
  if (read >= attributesMax) {
    cursor.skip();
    return read;
  }
  const outer = cursor.open("attribute");
  let key = "";
  let value: AttributeValue = "";
  while (cursor.next()) {
    if (cursor.number === 1) key = cursor.cutText("key");
    else if (cursor.number === 2) value = readValue(cursor);
    else cursor.skip();
  }
  cursor.leave(outer);
  // As a plain assignment it would change what the object inherits.
  if (key === "__proto__") {
    Object.defineProperty(attributes, key, { value, enumerable: true, configurable: true });
  } else attributes[key] = value;
  return read + 1;
}

/** Of the kinds of values the last one counts; lists, maps and bytes become JSON text. */
function readValue(cursor: SpanCursor): AttributeValue {
  const from = cursor.span("value");
  const end = cursor.at;
  const outer = cursor.enter(from, end);
  let value: AttributeValue = "";
  let isPlain = true;
  while (cursor.next()) {
    const { number } = cursor;
    if (number <= 4) isPlain = true;
    if (number === 1) value = cursor.cutText("string_value");
    else if (number === 2) value = cursor.whole("bool_value") !== 0;
    else if (number === 3) value = cursor.whole("int_value");
    else if (number === 4) value = cursor.double("double_value");
    else {
      if (number <= 7) isPlain = false;
      cursor.skip();
    }
  }
  cursor.leave(outer);
  if (isPlain) return value;
  return toAttribute(fromBinary(AnyValueSchema, cursor.bytes.subarray(from, end)));
}
