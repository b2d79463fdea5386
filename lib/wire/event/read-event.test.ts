import {
  create,
  fromBinary,
  type Message,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Failure } from "#core/failure.ts";
import {
  ColumnKind,
  type PredictionMessage,
  PredictionMessageSchema,
  Role,
} from "#gen/sluice/event/v1/event_pb.ts";
import { joinBytes, lengthDelimited } from "../encode-fields.ts";
import { type MessageFields, readMessage } from "./read-event.ts";

const text = fc.string({ unit: "grapheme", maxLength: 40 });
const bytes = fc.uint8Array({ maxLength: 40 });
const uint32 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const role = fc.constantFrom(Role.UNSPECIFIED, Role.PRIMARY, Role.HEDGE, Role.SHADOW);
const kind = fc.constantFrom(ColumnKind.UNSPECIFIED, ColumnKind.FEATURE, ColumnKind.OUTPUT);
const requests = fc.record({
  ...{ predictionIds: bytes, rows: fc.array(uint32), attempts: fc.array(uint32) },
  ...{ roles: fc.array(role), eventTimesUs: fc.array(int64), statuses: fc.array(uint32) },
  ...{ queueUs: fc.array(uint32), runUs: fc.array(uint32), traceIds: bytes, spanIds: bytes },
  ...{ traceFlags: bytes, requestIds: fc.array(text) },
});
const column = fc.record({
  ...{ name: text, kind, datatype: text, nulls: bytes, values: bytes },
  ...{ dictionary: fc.array(text), codes: fc.array(uint32) },
});
const event = fc.record({
  ...{ producer: text, seq: uint64, cluster: text, model: text, version: uint32, digest: text },
  ...{
    schemaId: text,
    rowsTotal: uint64,
    rowsCovered: uint64,
    rowsIncluded: uint32,
    rowsFailed: uint64,
  },
  ...{ row: fc.array(uint32), columns: fc.array(column, { maxLength: 3 }) },
});
const end = fc.record({ producer: text, answered: uint64, gateway: text });
const message = fc
  .oneof(
    event.map((value) => ({ case: "event" as const, value })),
    fc.tuple(event, requests).map(([rest, of]) => {
      return { case: "event" as const, value: { ...rest, requests: of } };
    }),
    end.map((value) => ({ case: "producerEnd" as const, value })),
  )
  .map((body) => encode({ body }));

test("reads whole messages and pieces of some as protobuf-es does", () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 3 }), (pieces) => {
      const whole = joinBytes(...pieces);
      expect(readMessage(whole)).toEqual(asRead(fromBinary(PredictionMessageSchema, whole)));
    }),
  );
});

test("reads what protobuf-es reads of damaged messages, or refuses it with a Failure", () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(message, damage, (whole, changes) => {
      const damaged = Uint8Array.from(whole);
      for (const [at, value] of changes) damaged[at % damaged.length] = value;
      const read = attempt(() => readMessage(damaged));
      const expected = attempt(() => asRead(fromBinary(PredictionMessageSchema, damaged)));
      if (read instanceof Error) expect(read).toBeInstanceOf(Failure);
      else if (!(expected instanceof Error)) expect(read).toEqual(expected);
    }),
    { numRuns: 1000 },
  );
});

describe("takes lists", () => {
  test("of unpacked elements and in pieces", () => {
    const list = (no: number) => {
      const writer = new BinaryWriter().tag(no, WireType.Varint).uint32(300);
      writer.tag(no, WireType.LengthDelimited).bytes(Uint8Array.of(7, 0x80, 1));
      return writer.tag(no, WireType.Varint).uint32(2).finish();
    };
    const inner = lengthDelimited(11, joinBytes(list(2), list(5)));
    const { event: read } = readMessage(lengthDelimited(1, joinBytes(list(12), inner)));
    expect(read?.row).toEqual([300, 7, 128, 2]);
    expect(read?.requests?.rows).toEqual([300, 7, 128, 2]);
    expect(read?.requests?.eventTimesUs).toEqual([300, 7, 128, 2]);
  });

  test("that end with their field", () => {
    const cut = lengthDelimited(
      1,
      joinBytes(lengthDelimited(12, Uint8Array.of(0x80)), Uint8Array.of(1)),
    );
    expect(() => readMessage(cut)).toThrow("it ends inside a number");
  });
});

test("refuses fields of another kind than declared", () => {
  const wrong =
    (...inner: number[]) =>
    () =>
      readMessage(lengthDelimited(1, Uint8Array.from(inner)));
  expect(wrong(0x08, 1)).toThrow("producer has wire type 0, expected 2");
  expect(wrong(0x12, 0)).toThrow("seq has wire type 2, expected 0");
  expect(wrong(0x65, 0, 0, 0, 0)).toThrow("row has wire type 5, expected 2");
});

function encode(init: MessageInitShape<typeof PredictionMessageSchema>): Uint8Array {
  return toBinary(PredictionMessageSchema, create(PredictionMessageSchema, init));
}

/** What protobuf-es read, as plain objects, with choices unsigned that it does not know. */
function asRead({ body }: PredictionMessage): MessageFields {
  if (body.case === undefined) return { event: undefined, producerEnd: undefined };
  if (body.case === "producerEnd") {
    const { producer, answered, gateway } = body.value;
    const producerEnd = { producer, answered: Number(answered), gateway };
    return { event: undefined, producerEnd };
  }
  const { requests: given, columns, seq, ...rest } = plain(body.value);
  const { rowsTotal, rowsCovered, rowsFailed } = rest;
  const counts = { seq: Number(seq), rowsTotal: Number(rowsTotal) };
  const read = {
    ...{ ...rest, ...counts, rowsCovered: Number(rowsCovered), rowsFailed: Number(rowsFailed) },
    columns: columns.map((one) => ({ ...plain(one), kind: one.kind >>> 0 })),
    requests: given && {
      ...{ ...plain(given), roles: given.roles.map((one) => one >>> 0) },
      eventTimesUs: given.eventTimesUs.map(Number),
    },
  };
  return { event: read, producerEnd: undefined };
}

function plain<T extends Message>({ $typeName: _, $unknown: _unknown, ...fields }: T) {
  return fields;
}

function attempt<T>(read: () => T): T | Error {
  try {
    return read();
  } catch (error) {
    return error as Error;
  }
}
