import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import type { PredictionEvent } from "#core/prediction/event.ts";
import {
  EventColumnSchema,
  type PredictionEvent as EventMessage,
  PredictionMessageSchema,
  RequestsSchema,
} from "#gen/sluice/event/v1/event_pb.ts";
import { decodePredictionMessage } from "./decode.ts";
import { encodePredictionEvent, encodeProducerEnd } from "./encode.ts";

const event: PredictionEvent = {
  producer: "p",
  seq: 7,
  cluster: "local",
  model: "m",
  version: 2,
  digest: "00ff",
  schemaId: "s",
  rowsTotal: 2 ** 40,
  rowsCovered: 5,
  rowsFailed: 7,
  rowsIncluded: 3,
  requests: {
    count: 2,
    predictionIds: new Uint8Array(32).fill(1),
    rows: [2, 1],
    attempts: [1, 2],
    roles: ["primary", "hedge"],
    eventTimesUs: [1_700_000_000_000_001, 0],
    statuses: [0, 0],
    queueUs: [1, 2],
    runUs: [3, 4],
    traceIds: new Uint8Array(32),
    spanIds: new Uint8Array(16).fill(2),
    traceFlags: Uint8Array.of(0, 1),
    requestIds: ["", "mine"],
  },
  rows: [0, 1, 0],
  columns: [
    {
      name: "x",
      kind: "feature",
      dtype: "FP32",
      nulls: Uint8Array.of(2),
      values: { kind: "numbers", data: Float32Array.of(1, Number.NaN, 3) },
    },
    {
      name: "big",
      kind: "feature",
      dtype: "INT64",
      nulls: new Uint8Array(0),
      values: { kind: "numbers", data: BigInt64Array.of(-1n, 0n, 2n ** 62n) },
    },
    {
      name: "label",
      kind: "output",
      dtype: "INT64",
      nulls: new Uint8Array(0),
      values: { kind: "texts", dictionary: ["no", "yes"], codes: [1, 1, 0] },
    },
  ],
};

test("an event comes back as it went", () => {
  const decoded = decodePredictionMessage(encodePredictionEvent(event));
  expect(decoded).toEqual({ kind: "event", event });
});

test("an event without rows comes back, too", () => {
  const requests = { ...event.requests, count: 0, rows: [], attempts: [], roles: [], statuses: [] };
  const none = new Uint8Array(0);
  const ids = { predictionIds: none, traceIds: none, spanIds: none, traceFlags: none };
  const lists = { eventTimesUs: [], queueUs: [], runUs: [], requestIds: [] };
  const empty = { ...event, rowsIncluded: 0, rows: [], columns: [] };
  const alive = { ...empty, requests: { ...requests, ...ids, ...lists } };
  expect(decodePredictionMessage(encodePredictionEvent(alive))).toEqual({
    kind: "event",
    event: alive,
  });
});

test("a producer's end comes back as it went", () => {
  const end = { producer: "p", answered: 12, gateway: "g" };
  expect(decodePredictionMessage(encodeProducerEnd(end))).toEqual({ kind: "producer-end", end });
});

describe("refuses", () => {
  const label = { name: "x", datatype: "BYTES", codes: [0, 0, 0] };
  test.each<[string, (body: EventMessage) => void, string]>([
    ["too few row numbers", (body) => body.row.pop(), "row: expected 3, got 2"],
    [
      "rows its requests do not have",
      (body) => Object.assign(body, { rowsIncluded: 4 }),
      "rows of its requests: expected 4, got 3",
    ],
    [
      "a column too short",
      (body) => body.columns.push(create(EventColumnSchema, { name: "x", datatype: "FP32" })),
      '"x": values: expected 12, got 0',
    ],
    [
      "an unknown type",
      (body) => body.columns.push(create(EventColumnSchema, { name: "x", datatype: "F" })),
      'column "x" has data type "F"',
    ],
    [
      "a code without a text",
      (body) => body.columns.push(create(EventColumnSchema, label)),
      '"x": code 0 of a dictionary of 0',
    ],
    [
      "ids cut short",
      (body) => Object.assign(body, { requests: create(RequestsSchema, { rows: [3] }) }),
      "prediction_ids: expected 16, got 0",
    ],
  ])("%s", (_, change, problem) => {
    const message = fromBinary(PredictionMessageSchema, encodePredictionEvent(event));
    if (message.body.case === "event") change(message.body.value);
    const bytes = toBinary(PredictionMessageSchema, message);
    expect(() => decodePredictionMessage(bytes)).toThrow(problem);
  });

  test("bytes that are no such message", () => {
    expect(() => decodePredictionMessage(new Uint8Array(0))).toThrow("it has no body");
    expect(() => decodePredictionMessage(Uint8Array.of(10, 9))).toThrow("malformed");
  });
});
