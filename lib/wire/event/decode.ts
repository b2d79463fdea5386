import { fromBinary } from "@bufbuild/protobuf";
import { Failure, messageOf } from "#core/failure.ts";
import type {
  EventColumn,
  EventRequests,
  EventValues,
  PredictionEvent,
  ProducerEnd,
  Role as RoleName,
} from "#core/prediction/event.ts";
import { quote } from "#core/quote.ts";
import { copyPacked, type Dtype, elementBytes, isDtype } from "#core/tensor/dtype.ts";
import {
  ColumnKind,
  type EventColumn as ColumnMessage,
  type PredictionEvent as EventMessage,
  type PredictionMessage,
  PredictionMessageSchema,
  type Requests as RequestsMessage,
  Role,
} from "#gen/sluice/event/v1/event_pb.ts";

export type DecodedMessage =
  | { readonly kind: "event"; readonly event: PredictionEvent }
  | { readonly kind: "producer-end"; readonly end: ProducerEnd };

/**
 * Decodes a PredictionMessage and makes sure that its parts fit together: everything per row has
 * one entry for each row, everything per request one for each request. Throws an invalid-argument
 * Failure otherwise.
 */
export function decodePredictionMessage(bytes: Uint8Array): DecodedMessage {
  const { body } = parse(bytes);
  switch (body.case) {
    case "event":
      return { kind: "event", event: toEvent(body.value) };
    case "producerEnd": {
      const { producer, answered, gateway } = body.value;
      return { kind: "producer-end", end: { producer, answered: Number(answered), gateway } };
    }
    case undefined:
      throw malformed("it has no body");
  }
}

function parse(bytes: Uint8Array): PredictionMessage {
  try {
    return fromBinary(PredictionMessageSchema, bytes, { readUnknownFields: false });
  } catch (error) {
    throw malformed(messageOf(error));
  }
}

function toEvent(message: EventMessage): PredictionEvent {
  const { rowsIncluded } = message;
  const requests = toRequests(message.requests);
  const rowsOfRequests = requests.rows.reduce((sum, rows) => sum + rows, 0);
  expectLength("rows of its requests", rowsOfRequests, rowsIncluded);
  expectLength("row", message.row.length, rowsIncluded);
  return {
    producer: message.producer,
    seq: Number(message.seq),
    cluster: message.cluster,
    model: message.model,
    version: message.version,
    digest: message.digest,
    schemaId: message.schemaId,
    rowsTotal: Number(message.rowsTotal),
    rowsCovered: Number(message.rowsCovered),
    rowsIncluded,
    requests,
    rows: message.row,
    columns: message.columns.map((column) => toColumn(column, rowsIncluded)),
  };
}

function toRequests(message: RequestsMessage | undefined): EventRequests {
  if (message === undefined) return noRequests;
  const count = message.rows.length;
  const { predictionIds, traceIds, spanIds, traceFlags } = message;
  expectLength("prediction_ids", predictionIds.length, count * 16);
  expectLength("trace_ids", traceIds.length, count * 16);
  expectLength("span_ids", spanIds.length, count * 8);
  expectLength("trace_flags", traceFlags.length, count);
  const { attempts, roles, eventTimesUs, statuses, queueUs, runUs, requestIds } = message;
  const lists = { attempts, roles, eventTimesUs, statuses, queueUs, runUs, requestIds };
  for (const [name, list] of Object.entries(lists)) expectLength(name, list.length, count);
  return {
    ...{ count, predictionIds, rows: message.rows, attempts, statuses, queueUs, runUs },
    ...{ traceIds, spanIds, traceFlags, requestIds },
    roles: roles.map(toRole),
    eventTimesUs: eventTimesUs.map(Number),
  };
}

const none = new Uint8Array(0);

const noRequests: EventRequests = {
  count: 0,
  ...{ predictionIds: none, traceIds: none, spanIds: none, traceFlags: none },
  ...{ rows: [], attempts: [], roles: [], eventTimesUs: [], statuses: [], queueUs: [], runUs: [] },
  requestIds: [],
};

function toColumn(message: ColumnMessage, rows: number): EventColumn {
  const { name, datatype, nulls } = message;
  if (!isDtype(datatype)) {
    throw malformed(`column ${quote(name)} has data type ${quote(datatype)}`);
  }
  if (nulls.length > 0) expectLength(`${quote(name)}: nulls`, nulls.length, Math.ceil(rows / 8));
  const kind = message.kind === ColumnKind.OUTPUT ? "output" : "feature";
  return { name, kind, dtype: datatype, nulls, values: toValues(message, datatype, rows) };
}

function toValues(message: ColumnMessage, dtype: Dtype, rows: number): EventValues {
  const { name, values, dictionary, codes } = message;
  if (dtype === "BYTES" || codes.length > 0) {
    expectLength(`${quote(name)}: codes`, codes.length, rows);
    const beyond = codes.find((code) => code >= dictionary.length);
    if (beyond !== undefined) {
      throw malformed(`${quote(name)}: code ${beyond} of a dictionary of ${dictionary.length}`);
    }
    return { kind: "texts", dictionary, codes };
  }
  expectLength(`${quote(name)}: values`, values.length, rows * elementBytes(dtype));
  return { kind: "numbers", data: copyPacked(dtype, values) };
}

function toRole(role: Role): RoleName {
  if (role === Role.SHADOW) return "shadow";
  return role === Role.HEDGE ? "hedge" : "primary";
}

function expectLength(what: string, length: number, expected: number): void {
  if (length !== expected) throw malformed(`${what}: expected ${expected}, got ${length}`);
}

function malformed(problem: string): Failure {
  return new Failure("invalid-argument", `malformed prediction message: ${problem}`);
}
