/**
 * Reads an event off its bytes, field by field and without checking that its parts fit together:
 * generated code makes a bigint of every time and takes several times as long. The tests compare
 * the two.
 */
import { Cursor, wireType } from "../cursor.ts";

const twoTo32 = 4_294_967_296;

/** A PredictionEvent as it was sent; byte fields are views of the message. */
export type EventFields = {
  producer: string;
  seq: number;
  cluster: string;
  model: string;
  version: number;
  digest: string;
  schemaId: string;
  rowsTotal: number;
  rowsCovered: number;
  rowsIncluded: number;
  rowsFailed: number;
  requests: RequestsFields | undefined;
  row: number[];
  columns: ColumnFields[];
};

export type RequestsFields = {
  predictionIds: Uint8Array;
  rows: number[];
  attempts: number[];
  roles: number[];
  eventTimesUs: number[];
  statuses: number[];
  queueUs: number[];
  runUs: number[];
  traceIds: Uint8Array;
  spanIds: Uint8Array;
  traceFlags: Uint8Array;
  requestIds: string[];
};

export type ColumnFields = {
  name: string;
  kind: number;
  datatype: string;
  nulls: Uint8Array;
  values: Uint8Array;
  dictionary: string[];
  codes: number[];
};

/** A ProducerEnd as it was sent. */
export type ProducerEndFields = { producer: string; answered: number; gateway: string };

/** A PredictionMessage as it was sent; of its two bodies at most one is there. */
export type MessageFields = {
  event: EventFields | undefined;
  producerEnd: ProducerEndFields | undefined;
};

/** Throws an invalid-argument Failure where the bytes are no such message. */
export function readMessage(bytes: Uint8Array): MessageFields {
  const cursor = new Cursor(bytes, "malformed prediction message");
  const message: MessageFields = { event: undefined, producerEnd: undefined };
  while (cursor.next()) {
    if (cursor.number === 1) {
      message.event ??= noEvent();
      message.producerEnd = undefined;
      readEvent(cursor, message.event);
    } else if (cursor.number === 2) {
      message.producerEnd ??= { producer: "", answered: 0, gateway: "" };
      message.event = undefined;
      readProducerEnd(cursor, message.producerEnd);
    } else cursor.skip();
  }
  return message;
}

function readProducerEnd(cursor: Cursor, end: ProducerEndFields): void {
  const outer = cursor.open("producer_end");
  while (cursor.next()) {
    if (cursor.number === 1) end.producer = cursor.text("producer");
    else if (cursor.number === 2) end.answered = uint64(cursor, "answered");
    else if (cursor.number === 3) end.gateway = cursor.text("gateway");
    else cursor.skip();
  }
  cursor.leave(outer);
}

function noEvent(): EventFields {
  return {
    ...{ producer: "", seq: 0, cluster: "", model: "", version: 0, digest: "", schemaId: "" },
    ...{ rowsTotal: 0, rowsCovered: 0, rowsIncluded: 0, rowsFailed: 0 },
    ...{ requests: undefined, row: [], columns: [] },
  };
}

/** Joins what is read to what pieces before have held, as the other two of these do. */
function readEvent(cursor: Cursor, event: EventFields): void {
  const outer = cursor.open("event");
  while (cursor.next()) {
    const { number } = cursor;
    if (number === 1) event.producer = cursor.text("producer");
    else if (number === 2) event.seq = uint64(cursor, "seq");
    else if (number === 3) event.cluster = cursor.text("cluster");
    else if (number === 4) event.model = cursor.text("model");
    else if (number === 5) event.version = uint32(cursor, "version");
    else if (number === 6) event.digest = cursor.text("digest");
    else if (number === 7) event.schemaId = cursor.text("schema_id");
    else if (number === 8) event.rowsTotal = uint64(cursor, "rows_total");
    else if (number === 9) event.rowsCovered = uint64(cursor, "rows_covered");
    else if (number === 10) event.rowsIncluded = uint32(cursor, "rows_included");
    else if (number === 11) {
      event.requests ??= noRequests();
      readRequests(cursor, event.requests);
    } else if (number === 12) addUint32s(cursor, event.row, "row");
    else if (number === 13) event.columns.push(readColumn(cursor));
    else if (number === 14) event.rowsFailed = uint64(cursor, "rows_failed");
    else cursor.skip();
  }
  cursor.leave(outer);
}

function noRequests(): RequestsFields {
  return {
    ...{ predictionIds: none, rows: [], attempts: [], roles: [], eventTimesUs: [], statuses: [] },
    ...{ queueUs: [], runUs: [], traceIds: none, spanIds: none, traceFlags: none, requestIds: [] },
  };
}

function readRequests(cursor: Cursor, requests: RequestsFields): void {
  const outer = cursor.open("requests");
  while (cursor.next()) {
    const { number } = cursor;
    if (number === 1) requests.predictionIds = cursor.content("prediction_ids");
    else if (number === 2) addUint32s(cursor, requests.rows, "rows");
    else if (number === 3) addUint32s(cursor, requests.attempts, "attempts");
    else if (number === 4) addUint32s(cursor, requests.roles, "roles");
    else if (number === 5) addInt64s(cursor, requests.eventTimesUs, "event_times_us");
    else if (number === 6) addUint32s(cursor, requests.statuses, "statuses");
    else if (number === 7) addUint32s(cursor, requests.queueUs, "queue_us");
    else if (number === 8) addUint32s(cursor, requests.runUs, "run_us");
    else if (number === 9) requests.traceIds = cursor.content("trace_ids");
    else if (number === 10) requests.spanIds = cursor.content("span_ids");
    else if (number === 11) requests.traceFlags = cursor.content("trace_flags");
    else if (number === 12) requests.requestIds.push(cursor.text("request_ids"));
    else cursor.skip();
  }
  cursor.leave(outer);
}

function readColumn(cursor: Cursor): ColumnFields {
  const outer = cursor.open("columns");
  const column: ColumnFields = {
    ...{ name: "", kind: 0, datatype: "", nulls: none, values: none, dictionary: [], codes: [] },
  };
  while (cursor.next()) {
    const { number } = cursor;
    if (number === 1) column.name = cursor.text("name");
    else if (number === 2) column.kind = uint32(cursor, "kind");
    else if (number === 3) column.datatype = cursor.text("datatype");
    else if (number === 4) column.nulls = cursor.content("nulls");
    else if (number === 5) column.values = cursor.content("values");
    else if (number === 6) column.dictionary.push(cursor.text("dictionary"));
    else if (number === 7) addUint32s(cursor, column.codes, "codes");
    else cursor.skip();
  }
  cursor.leave(outer);
  return column;
}

const none = new Uint8Array(0);

function uint32(cursor: Cursor, name: string): number {
  cursor.expect(wireType.varint, name);
  return cursor.varint() >>> 0;
}

/** Rounded to the nearest double beyond 2⁵³. */
function uint64(cursor: Cursor, name: string): number {
  cursor.expect(wireType.varint, name);
  const low = cursor.varint() >>> 0;
  return (cursor.high >>> 0) * twoTo32 + low;
}

/** Adds the elements of a repeated field, packed or one of them. */
function addUint32s(cursor: Cursor, list: number[], name: string): void {
  if (cursor.wire === wireType.varint) {
    list.push(cursor.varint() >>> 0);
    return;
  }
  const outer = cursor.open(name);
  const { bytes, end } = cursor;
  while (cursor.at < end) {
    const first = bytes[cursor.at] as number;
    if (first < 128) {
      list.push(first);
      cursor.at += 1;
    } else list.push(cursor.varint() >>> 0);
  }
  cursor.leave(outer);
}

/** As `addUint32s`, rounded to the nearest double beyond 2⁵³. */
function addInt64s(cursor: Cursor, list: number[], name: string): void {
  if (cursor.wire === wireType.varint) {
    list.push(int64(cursor));
    return;
  }
  const outer = cursor.open(name);
  while (cursor.at < cursor.end) list.push(int64(cursor));
  cursor.leave(outer);
}

function int64(cursor: Cursor): number {
  const low = cursor.varint() >>> 0;
  return cursor.high * twoTo32 + low;
}
