import { Failure } from "#core/failure.ts";
import type {
  EventColumn,
  EventRequests,
  EventValues,
  PredictionEvent,
  ProducerEnd,
  Role as RoleName,
} from "#core/prediction/event.ts";
import { quote } from "#core/quote.ts";
import { type Dtype, elementBytes, isDtype } from "#core/tensor/dtype.ts";
import { ColumnKind, Role } from "#gen/sluice/event/v1/event_pb.ts";
import {
  type ColumnFields,
  type EventFields,
  type RequestsFields,
  readMessage,
} from "./read-event.ts";
import { Slab } from "./slab.ts";

export type DecodedMessage =
  | { readonly kind: "event"; readonly event: PredictionEvent }
  | { readonly kind: "producer-end"; readonly end: ProducerEnd };

/**
 * Decodes a PredictionMessage and makes sure that its parts fit together: everything per row has
 * one entry for each row, everything per request one for each request. Throws an invalid-argument
 * Failure otherwise.
 */
export function decodePredictionMessage(bytes: Uint8Array): DecodedMessage {
  const { event, producerEnd } = readMessage(bytes);
  if (event !== undefined) return { kind: "event", event: toEvent(event) };
  if (producerEnd !== undefined) return { kind: "producer-end", end: producerEnd };
  throw malformed("it has no body");
}

function toEvent({ requests: given, row, columns, ...told }: EventFields): PredictionEvent {
  const { rowsIncluded } = told;
  const requests = toRequests(given);
  const rowsOfRequests = requests.rows.reduce((sum, rows) => sum + rows, 0);
  expectLength("rows of its requests", rowsOfRequests, rowsIncluded);
  expectLength("row", row.length, rowsIncluded);
  const slab = new Slab(columns.map(({ values }) => values.length));
  return {
    ...told,
    requests,
    rows: row,
    columns: columns.map((column) => toColumn(column, rowsIncluded, slab)),
  };
}

function toRequests(message: RequestsFields | undefined): EventRequests {
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
  return { ...message, count, roles: roles.map(toRole) };
}

const none = new Uint8Array(0);

const noRequests: EventRequests = {
  count: 0,
  ...{ predictionIds: none, traceIds: none, spanIds: none, traceFlags: none },
  ...{ rows: [], attempts: [], roles: [], eventTimesUs: [], statuses: [], queueUs: [], runUs: [] },
  requestIds: [],
};

function toColumn(fields: ColumnFields, rows: number, slab: Slab): EventColumn {
  const { name, datatype, nulls } = fields;
  if (!isDtype(datatype)) {
    throw malformed(`column ${quote(name)} has data type ${quote(datatype)}`);
  }
  if (nulls.length > 0) expectLength(`${quote(name)}: nulls`, nulls.length, Math.ceil(rows / 8));
  const kind = fields.kind === ColumnKind.OUTPUT ? "output" : "feature";
  return { name, kind, dtype: datatype, nulls, values: toValues(fields, datatype, rows, slab) };
}

function toValues(fields: ColumnFields, dtype: Dtype, rows: number, slab: Slab): EventValues {
  const { name, values, dictionary, codes } = fields;
  if (dtype === "BYTES" || codes.length > 0) {
    expectLength(`${quote(name)}: codes`, codes.length, rows);
    for (const code of codes) {
      if (code < dictionary.length) continue;
      throw malformed(`${quote(name)}: code ${code} of a dictionary of ${dictionary.length}`);
    }
    return { kind: "texts", dictionary, codes };
  }
  const size = elementBytes(dtype);
  if (values.length !== rows * size) {
    expectLength(`${quote(name)}: values`, values.length, rows * size);
  }
  return { kind: "numbers", data: slab.copy(dtype, values) };
}

function toRole(role: number): RoleName {
  if (role === Role.SHADOW) return "shadow";
  return role === Role.HEDGE ? "hedge" : "primary";
}

function expectLength(what: string, length: number, expected: number): void {
  if (length !== expected) throw malformed(`${what}: expected ${expected}, got ${length}`);
}

function malformed(problem: string): Failure {
  return new Failure("invalid-argument", `malformed prediction message: ${problem}`);
}
