/** The frame that begins a request: how a gateway writes it, and a worker reads it. */
import type { Cursor } from "./cursor.ts";
import {
  contentSize,
  type FieldWriter,
  flagSize,
  numberSize,
  textSize,
  withinSize,
} from "./field-writer.ts";
import type { Begin, BeginCodec } from "./link-frames.ts";

/** A request without its id and payload, which the outbox knows. */
export type RequestHeader = {
  readonly predictionId?: Uint8Array;
  /** A number of the enum `Method`. */
  readonly method?: number;
  readonly model?: string;
  readonly version?: number;
  readonly deadlineMs?: number;
  readonly attempt?: number;
  /** A number of the enum `Role`. */
  readonly role?: number;
  readonly alone?: boolean;
  readonly trace?: TraceIds | undefined;
  readonly gatewayWaitUs?: number;
  readonly priority?: number;
  readonly bulk?: boolean;
};

export type TraceIds = {
  readonly traceId: Uint8Array;
  readonly serverSpanId: Uint8Array;
  readonly attemptSpanId: Uint8Array;
  readonly runSpanId: Uint8Array;
  /** W3C trace flags. */
  readonly flags: number;
};

/** As it was read: ids and payload are views of the message. */
export type RequestBegin = Required<RequestHeader> & {
  readonly id: number;
  readonly payloadBytes: number;
  readonly payload: Uint8Array;
};

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const nothing = new Uint8Array();

export const requestBegin: BeginCodec<RequestHeader> = { size, write };

function size({ id, header, payload, payloadBytes }: Begin<RequestHeader>): number {
  const { predictionId = nothing, model = "", trace } = header;
  return (
    numberSize(id) +
    contentSize(predictionId) +
    numberSize(header.method ?? 0) +
    textSize(model) +
    numberSize(header.version ?? 0) +
    numberSize(header.deadlineMs ?? 0) +
    numberSize(header.attempt ?? 0) +
    numberSize(header.role ?? 0) +
    flagSize(header.alone ?? false) +
    (trace === undefined ? 0 : withinSize(traceSize(trace))) +
    numberSize(payloadBytes) +
    contentSize(payload) +
    numberSize(header.gatewayWaitUs ?? 0) +
    numberSize(header.priority ?? 0) +
    flagSize(header.bulk ?? false)
  );
}

function write(writer: FieldWriter, frame: Begin<RequestHeader>): void {
  const { id, header, payload, payloadBytes } = frame;
  writer.number(1, id);
  writer.content(2, header.predictionId ?? nothing);
  writer.number(3, header.method ?? 0);
  writer.text(4, header.model ?? "");
  writer.number(5, header.version ?? 0);
  writer.number(6, header.deadlineMs ?? 0);
  writer.number(7, header.attempt ?? 0);
  writer.number(8, header.role ?? 0);
  writer.flag(9, header.alone ?? false);
  if (header.trace !== undefined) writeTrace(writer, header.trace);
  writer.number(11, payloadBytes);
  writer.content(12, payload);
  writer.number(13, header.gatewayWaitUs ?? 0);
  writer.number(14, header.priority ?? 0);
  writer.flag(15, header.bulk ?? false);
}

function traceSize(trace: TraceIds): number {
  return (
    contentSize(trace.traceId) +
    contentSize(trace.serverSpanId) +
    contentSize(trace.attemptSpanId) +
    contentSize(trace.runSpanId) +
    numberSize(trace.flags)
  );
}

function writeTrace(writer: FieldWriter, trace: TraceIds): void {
  writer.begin(10, traceSize(trace));
  writer.content(1, trace.traceId);
  writer.content(2, trace.serverSpanId);
  writer.content(3, trace.attemptSpanId);
  writer.content(4, trace.runSpanId);
  writer.number(5, trace.flags);
}

export function readRequestBegin(cursor: Cursor): RequestBegin {
  const begin: Mutable<RequestBegin> = {
    id: 0,
    predictionId: nothing,
    method: 0,
    model: "",
    version: 0,
    deadlineMs: 0,
    attempt: 0,
    role: 0,
    alone: false,
    trace: undefined,
    payloadBytes: 0,
    payload: nothing,
    gatewayWaitUs: 0,
    priority: 0,
    bulk: false,
  };
  const outer = cursor.open("a request");
  while (cursor.next()) readField(cursor, begin);
  cursor.leave(outer);
  return begin;
}

function readField(cursor: Cursor, begin: Mutable<RequestBegin>): void {
  switch (cursor.number) {
    case 1:
      begin.id = cursor.integer("id");
      break;
    case 2:
      begin.predictionId = cursor.content("prediction_id");
      break;
    case 3:
      begin.method = cursor.integer("method");
      break;
    case 4:
      begin.model = cursor.text("model");
      break;
    case 5:
      begin.version = cursor.integer("version");
      break;
    case 6:
      begin.deadlineMs = cursor.integer("deadline_ms");
      break;
    case 7:
      begin.attempt = cursor.integer("attempt");
      break;
    case 8:
      begin.role = cursor.integer("role");
      break;
    case 9:
      begin.alone = cursor.flag("alone");
      break;
    case 10:
      begin.trace = readTrace(cursor);
      break;
    case 11:
      begin.payloadBytes = cursor.integer("payload_bytes");
      break;
    case 12:
      begin.payload = cursor.content("payload");
      break;
    case 13:
      begin.gatewayWaitUs = cursor.integer("gateway_wait_us");
      break;
    case 14:
      begin.priority = cursor.integer("priority");
      break;
    case 15:
      begin.bulk = cursor.flag("bulk");
      break;
    default:
      cursor.skip();
  }
}

function readTrace(cursor: Cursor): TraceIds {
  let traceId: Uint8Array = nothing;
  let serverSpanId: Uint8Array = nothing;
  let attemptSpanId: Uint8Array = nothing;
  let runSpanId: Uint8Array = nothing;
  let flags = 0;
  const outer = cursor.open("trace");
  while (cursor.next()) {
    if (cursor.number === 1) traceId = cursor.content("trace_id");
    else if (cursor.number === 2) serverSpanId = cursor.content("server_span_id");
    else if (cursor.number === 3) attemptSpanId = cursor.content("attempt_span_id");
    else if (cursor.number === 4) runSpanId = cursor.content("run_span_id");
    else if (cursor.number === 5) flags = cursor.integer("flags");
    else cursor.skip();
  }
  cursor.leave(outer);
  return { traceId, serverSpanId, attemptSpanId, runSpanId, flags };
}
