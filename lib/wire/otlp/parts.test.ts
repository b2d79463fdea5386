import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { TracesRequestSchema } from "#gen/opentelemetry/trace_pb.ts";
import { requireFewJsonParts, requireFewParts } from "./parts.ts";

const ids = { traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8).fill(2) };
const attributes = Array.from({ length: 20 }, (_, index) => ({
  key: `key ${index}`,
  value: { value: { case: "stringValue" as const, value: '{"a":[1,2,3]} \\" and more,,,' } },
}));

function requestOf(spans: number) {
  const each = { ...ids, attributes, events: [{ name: "read", attributes }] };
  return create(TracesRequestSchema, {
    resourceSpans: [{ scopeSpans: [{ spans: Array.from({ length: spans }, () => each) }] }],
  });
}

it("lets through what exporters send at once", () => {
  const request = requestOf(2048);
  expect(() => requireFewParts(toBinary(TracesRequestSchema, request))).not.toThrow();
  expect(() => requireFewJsonParts(toJsonString(TracesRequestSchema, request))).not.toThrow();
});

it("refuses what would become far larger than it is", () => {
  expect(() => requireFewParts(toBinary(TracesRequestSchema, requestOf(4000)))).toThrow(
    "more than 250000 parts",
  );
  for (const part of ["{},", "[],", "0,"]) {
    const text = `{"resourceSpans":[${part.repeat(1_000_001)}{}]}`;
    expect(() => requireFewJsonParts(text)).toThrow("more than 1000000 values");
  }
});

it("refuses bytes that are no message", () => {
  expect(() => requireFewParts(Uint8Array.of(0x0a, 5, 1))).toThrow("5 bytes announced, 1 left");
});

it("passes over what texts hold", () => {
  const text = JSON.stringify({ a: '\\",[{'.repeat(500_000), b: "\\" });
  expect(() => requireFewJsonParts(text)).not.toThrow();
});
