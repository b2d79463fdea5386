/** The frame that begins a reply: how a worker writes it, and a gateway reads it. */
import type { WorkerTimings } from "#core/timing/request-timing.ts";
import type { Cursor } from "./cursor.ts";
import { contentSize, type FieldWriter, numberSize, textSize, withinSize } from "./field-writer.ts";
import type { Begin, BeginCodec } from "./link-frames.ts";

/** A reply without its id and payload, which the outbox knows. */
export type ReplyHeader = {
  readonly status?: number;
  readonly message?: string;
  readonly timings?: Partial<WorkerTimings> | undefined;
  readonly batch?: Partial<BatchInfo> | undefined;
  readonly rowsAnswered?: number | bigint;
  readonly rows?: number;
  readonly rowsFailed?: number;
};

/** The run a request was part of. */
export type BatchInfo = {
  readonly rows: number;
  readonly requests: number;
  readonly closedBy: string;
  readonly spanId: Uint8Array;
};

/** As it was read: the payload is a view of the message. */
export type ReplyBegin = {
  readonly id: number;
  /** gRPC status code. */
  readonly status: number;
  readonly message: string;
  readonly timings: WorkerTimings | undefined;
  readonly batch: BatchInfo | undefined;
  readonly payloadBytes: number;
  readonly payload: Uint8Array;
  readonly rowsAnswered: number;
  readonly rows: number;
  readonly rowsFailed: number;
};

type Mutable = { -readonly [Key in keyof ReplyBegin]: ReplyBegin[Key] };

const nothing = new Uint8Array();

export const replyBegin: BeginCodec<ReplyHeader> = { size, write };

function size({ id, header, payload, payloadBytes }: Begin<ReplyHeader>): number {
  const { timings, batch } = header;
  return (
    numberSize(id) +
    numberSize(header.status ?? 0) +
    textSize(header.message ?? "") +
    (timings === undefined ? 0 : withinSize(timingsSize(timings))) +
    (batch === undefined ? 0 : withinSize(batchSize(batch))) +
    numberSize(payloadBytes) +
    contentSize(payload) +
    numberSize(Number(header.rowsAnswered ?? 0)) +
    numberSize(header.rows ?? 0) +
    numberSize(header.rowsFailed ?? 0)
  );
}

function write(writer: FieldWriter, frame: Begin<ReplyHeader>): void {
  const { id, header, payload, payloadBytes } = frame;
  writer.number(1, id);
  writer.number(2, header.status ?? 0);
  writer.text(3, header.message ?? "");
  if (header.timings !== undefined) writeTimings(writer, header.timings);
  if (header.batch !== undefined) writeBatch(writer, header.batch);
  writer.number(6, payloadBytes);
  writer.content(7, payload);
  writer.number(8, Number(header.rowsAnswered ?? 0));
  writer.number(9, header.rows ?? 0);
  writer.number(10, header.rowsFailed ?? 0);
}

function timingsSize(timings: Partial<WorkerTimings>): number {
  return (
    numberSize(timings.decodeUs ?? 0) +
    numberSize(timings.queueUs ?? 0) +
    numberSize(timings.runUs ?? 0) +
    numberSize(timings.encodeUs ?? 0) +
    numberSize(timings.totalUs ?? 0)
  );
}

function writeTimings(writer: FieldWriter, timings: Partial<WorkerTimings>): void {
  writer.begin(4, timingsSize(timings));
  writer.number(1, timings.decodeUs ?? 0);
  writer.number(2, timings.queueUs ?? 0);
  writer.number(3, timings.runUs ?? 0);
  writer.number(4, timings.encodeUs ?? 0);
  writer.number(5, timings.totalUs ?? 0);
}

function batchSize(batch: Partial<BatchInfo>): number {
  return (
    numberSize(batch.rows ?? 0) +
    numberSize(batch.requests ?? 0) +
    textSize(batch.closedBy ?? "") +
    contentSize(batch.spanId ?? nothing)
  );
}

function writeBatch(writer: FieldWriter, batch: Partial<BatchInfo>): void {
  writer.begin(5, batchSize(batch));
  writer.number(1, batch.rows ?? 0);
  writer.number(2, batch.requests ?? 0);
  writer.text(3, batch.closedBy ?? "");
  writer.content(4, batch.spanId ?? nothing);
}

export function readReplyBegin(cursor: Cursor): ReplyBegin {
  const begin: Mutable = {
    id: 0,
    status: 0,
    message: "",
    timings: undefined,
    batch: undefined,
    payloadBytes: 0,
    payload: nothing,
    rowsAnswered: 0,
    rows: 0,
    rowsFailed: 0,
  };
  const outer = cursor.open("a reply");
  while (cursor.next()) readField(cursor, begin);
  cursor.leave(outer);
  return begin;
}

function readField(cursor: Cursor, begin: Mutable): void {
  switch (cursor.number) {
    case 1:
      begin.id = cursor.integer("id");
      break;
    case 2:
      begin.status = cursor.integer("status");
      break;
    case 3:
      begin.message = cursor.text("message");
      break;
    case 4:
      begin.timings = readTimings(cursor);
      break;
    case 5:
      begin.batch = readBatch(cursor);
      break;
    case 6:
      begin.payloadBytes = cursor.integer("payload_bytes");
      break;
    case 7:
      begin.payload = cursor.content("payload");
      break;
    case 8:
      begin.rowsAnswered = cursor.integer("rows_answered");
      break;
    case 9:
      begin.rows = cursor.integer("rows");
      break;
    case 10:
      begin.rowsFailed = cursor.integer("rows_failed");
      break;
    default:
      cursor.skip();
  }
}

function readTimings(cursor: Cursor): WorkerTimings {
  let [decodeUs, queueUs, runUs, encodeUs, totalUs] = [0, 0, 0, 0, 0];
  const outer = cursor.open("timings");
  while (cursor.next()) {
    if (cursor.number === 1) decodeUs = cursor.integer("decode_us");
    else if (cursor.number === 2) queueUs = cursor.integer("queue_us");
    else if (cursor.number === 3) runUs = cursor.integer("run_us");
    else if (cursor.number === 4) encodeUs = cursor.integer("encode_us");
    else if (cursor.number === 5) totalUs = cursor.integer("total_us");
    else cursor.skip();
  }
  cursor.leave(outer);
  return { decodeUs, queueUs, runUs, encodeUs, totalUs };
}

function readBatch(cursor: Cursor): BatchInfo {
  let [rows, requests] = [0, 0];
  let closedBy = "";
  let spanId: Uint8Array = nothing;
  const outer = cursor.open("batch");
  while (cursor.next()) {
    if (cursor.number === 1) rows = cursor.integer("rows");
    else if (cursor.number === 2) requests = cursor.integer("requests");
    else if (cursor.number === 3) closedBy = cursor.text("closed_by");
    else if (cursor.number === 4) spanId = new Uint8Array(cursor.content("span_id"));
    else cursor.skip();
  }
  cursor.leave(outer);
  return { rows, requests, closedBy, spanId };
}
