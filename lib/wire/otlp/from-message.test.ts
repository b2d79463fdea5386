import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, it } from "vitest";
import { type AnyValueSchema, TracesRequestSchema } from "#gen/opentelemetry/trace_pb.ts";
import { decodeTraces } from "./decode.ts";
import { fromTracesRequest } from "./from-message.ts";

type RequestInit = MessageInitShape<typeof TracesRequestSchema>;
type AnyInit = MessageInitShape<typeof AnyValueSchema>;

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constantFrom("__proto__", "service.name", "é".repeat(5_000)),
);
const id = (size: number) =>
  fc.oneof(
    fc.uint8Array({ minLength: size, maxLength: size }),
    fc.constantFrom(new Uint8Array(size), new Uint8Array(3)),
  );
const nanos = fc.bigInt({ min: 0n, max: 9_000_000_000_000_000_000n });
const { value } = fc.letrec<{ value: AnyInit }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant({}),
    text.map((each): AnyInit => ({ value: { case: "stringValue", value: each } })),
    fc.boolean().map((each): AnyInit => ({ value: { case: "boolValue", value: each } })),
    fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .map((each): AnyInit => ({ value: { case: "intValue", value: each } })),
    fc.integer().map((each): AnyInit => ({ value: { case: "intValue", value: BigInt(each) } })),
    fc.double().map((each): AnyInit => ({ value: { case: "doubleValue", value: each } })),
    fc.uint8Array().map((each): AnyInit => ({ value: { case: "bytesValue", value: each } })),
    fc
      .array(tie("value"), { maxLength: 3 })
      .map((values): AnyInit => ({ value: { case: "arrayValue", value: { values } } })),
    fc
      .array(fc.record({ key: text, value: tie("value") }), { maxLength: 3 })
      .map((values): AnyInit => ({ value: { case: "kvlistValue", value: { values } } })),
  ),
}));
const attributes = fc.array(fc.record({ key: text, value }), { maxLength: 4 });
const span = fc.record({
  traceId: id(16),
  spanId: id(8),
  parentSpanId: id(8),
  traceState: text,
  name: text,
  kind: fc.integer({ min: 0, max: 9 }),
  startTimeUnixNano: nanos,
  endTimeUnixNano: nanos,
  attributes,
  droppedAttributesCount: fc.nat(),
  events: fc.array(fc.record({ timeUnixNano: nanos, name: text, attributes }), { maxLength: 3 }),
  links: fc.array(fc.record({ traceId: id(16), spanId: id(8), attributes }), { maxLength: 3 }),
  status: fc.record({ code: fc.integer({ min: 0, max: 2 }), message: text }),
  flags: fc.nat(),
});
const request = fc.record({
  resourceSpans: fc.array(
    fc.record({
      resource: fc.record({ attributes }),
      scopeSpans: fc.array(
        fc.record({ scope: fc.record({ name: text }), spans: fc.array(span, { maxLength: 3 }) }),
        { maxLength: 2 },
      ),
      schemaUrl: text,
    }),
    { maxLength: 2 },
  ),
});

it("makes of a decoded request what the reader makes of its bytes", () => {
  const property = fc.property(request, (init) => {
    const bytes = toBinary(TracesRequestSchema, create(TracesRequestSchema, init as RequestInit));
    const decoded = fromTracesRequest(fromBinary(TracesRequestSchema, bytes));
    expect(decodeTraces(bytes)).toEqual(decoded);
  });
  fc.assert(property);
});

it("fails or answers, whatever the bytes are", () => {
  const property = fc.property(request, fc.nat(), fc.nat(255), (init, at, byte) => {
    const bytes = toBinary(TracesRequestSchema, create(TracesRequestSchema, init as RequestInit));
    if (bytes.length > 0) bytes[at % bytes.length] = byte;
    try {
      expect(decodeTraces(bytes).rejected).toBeGreaterThanOrEqual(0);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
  });
  fc.assert(property);
});
