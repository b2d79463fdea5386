/** The frame that begins a reply: how a worker writes it, and a gateway reads it. */
import { Failure } from "#core/failure.ts";
import type { WorkerTimings } from "#core/timing/request-timing.ts";
import type { FieldReader } from "./field-reader.ts";
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
  readonly failedRows?: readonly RowFailure[];
};

/** The run a request was part of. */
export type BatchInfo = {
  readonly rows: number;
  readonly requests: number;
  readonly closedBy: string;
  readonly spanId: Uint8Array;
};

/** A row of a bulk item that could not be run. */
export type RowFailure = {
  readonly row: number;
  /** gRPC status code. */
  readonly status: number;
  readonly message: string;
};

/** As it was read: payload and span id are views of the message. */
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
  readonly failedRows: readonly RowFailure[];
};

type Mutable = { -readonly [Key in keyof ReplyBegin]: ReplyBegin[Key] } & {
  failedRows: RowFailure[];
};

/** As many as a reply can name in its share of a message; a longer list would be a bomb. */
const failedRowsMax = 65_536;
const nothing = new Uint8Array();
const none: readonly RowFailure[] = [];

export const replyBegin: BeginCodec<ReplyHeader> = { size, write };

function size({ id, header, payload, payloadBytes }: Begin<ReplyHeader>): number {
  const { timings, batch, failedRows = none } = header;
  let failures = 0;
  for (const failure of failedRows) failures += withinSize(failureSize(failure));
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
    failures
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
  for (const failure of header.failedRows ?? none) {
    writer.begin(10, failureSize(failure));
    writer.number(1, failure.row);
    writer.number(2, failure.status);
    writer.text(3, failure.message);
  }
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

function failureSize(failure: RowFailure): number {
  return numberSize(failure.row) + numberSize(failure.status) + textSize(failure.message);
}

export function readReplyBegin(reader: FieldReader): ReplyBegin {
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
    failedRows: [],
  };
  const outer = reader.enter("a reply");
  while (reader.next()) readField(reader, begin);
  reader.leave(outer);
  return begin;
}

function readField(reader: FieldReader, begin: Mutable): void {
  switch (reader.number) {
    case 1:
      begin.id = reader.integer("id");
      break;
    case 2:
      begin.status = reader.integer("status");
      break;
    case 3:
      begin.message = reader.text("message");
      break;
    case 4:
      begin.timings = readTimings(reader);
      break;
    case 5:
      begin.batch = readBatch(reader);
      break;
    case 6:
      begin.payloadBytes = reader.integer("payload_bytes");
      break;
    case 7:
      begin.payload = reader.content("payload");
      break;
    case 8:
      begin.rowsAnswered = reader.integer("rows_answered");
      break;
    case 9:
      begin.rows = reader.integer("rows");
      break;
    case 10:
      addFailure(begin.failedRows, reader);
      break;
    default:
      reader.skip();
  }
}

function readTimings(reader: FieldReader): WorkerTimings {
  let [decodeUs, queueUs, runUs, encodeUs, totalUs] = [0, 0, 0, 0, 0];
  const outer = reader.enter("timings");
  while (reader.next()) {
    if (reader.number === 1) decodeUs = reader.integer("decode_us");
    else if (reader.number === 2) queueUs = reader.integer("queue_us");
    else if (reader.number === 3) runUs = reader.integer("run_us");
    else if (reader.number === 4) encodeUs = reader.integer("encode_us");
    else if (reader.number === 5) totalUs = reader.integer("total_us");
    else reader.skip();
  }
  reader.leave(outer);
  return { decodeUs, queueUs, runUs, encodeUs, totalUs };
}

function readBatch(reader: FieldReader): BatchInfo {
  let [rows, requests] = [0, 0];
  let closedBy = "";
  let spanId: Uint8Array = nothing;
  const outer = reader.enter("batch");
  while (reader.next()) {
    if (reader.number === 1) rows = reader.integer("rows");
    else if (reader.number === 2) requests = reader.integer("requests");
    else if (reader.number === 3) closedBy = reader.text("closed_by");
    else if (reader.number === 4) spanId = reader.content("span_id");
    else reader.skip();
  }
  reader.leave(outer);
  return { rows, requests, closedBy, spanId };
}

function addFailure(failures: RowFailure[], reader: FieldReader): void {
  if (failures.length >= failedRowsMax) {
    const problem = `the reply names more than ${failedRowsMax} failed rows`;
    throw new Failure("invalid-argument", problem);
  }
  let [row, status] = [0, 0];
  let message = "";
  const outer = reader.enter("failed_rows");
  while (reader.next()) {
    if (reader.number === 1) row = reader.integer("row");
    else if (reader.number === 2) status = reader.integer("status");
    else if (reader.number === 3) message = reader.text("message");
    else reader.skip();
  }
  reader.leave(outer);
  failures.push({ row, status, message });
}
