import { describe, expect, it } from "vitest";
import { decodeTracesJson } from "./json.ts";

const span = {
  traceId: "5B8EFFF798038103D269B633813FC60C",
  spanId: "EEE19B7EC3C1B174",
  parentSpanId: "EEE19B7EC3C1B173",
  name: "I'm a server span",
  kind: 2,
  startTimeUnixNano: "1544712660000000000",
  endTimeUnixNano: "1544712661000000000",
  attributes: [
    { key: "my.span.attr", value: { stringValue: "some value" } },
    { key: "count", value: { intValue: "3" } },
    { key: "small", value: { intValue: 4 } },
  ],
  links: [{ traceId: "0".repeat(31).concat("1"), spanId: "EEE19B7EC3C1B174" }],
  status: { code: "STATUS_CODE_ERROR", message: "no" },
  somethingNew: true,
};

function decoded(...spans: unknown[]) {
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "my.service" } }] };
  return decodeTracesJson(
    JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }),
  );
}

describe("OTLP in JSON", () => {
  it("reads hexadecimal ids, and integers and enumerations in both of their forms", () => {
    expect(decoded(span).spans).toEqual([
      {
        service: "my.service",
        span: {
          traceId: "5b8efff798038103d269b633813fc60c",
          spanId: "eee19b7ec3c1b174",
          parentSpanId: "eee19b7ec3c1b173",
          name: "I'm a server span",
          kind: "server",
          startUs: 1_544_712_660_000_000,
          endUs: 1_544_712_661_000_000,
          attributes: { "my.span.attr": "some value", count: 3, small: 4 },
          events: [],
          links: [{ traceId: "0".repeat(31).concat("1"), spanId: "eee19b7ec3c1b174" }],
          error: "no",
        },
      },
    ]);
  });

  it("rejects spans whose ids are not hexadecimal and takes the others", () => {
    const { spans, rejected } = decoded(span, { ...span, spanId: "7uGbfsPBsXQ=" });
    expect([spans.length, rejected]).toEqual([1, 1]);
  });

  it("refuses millions of empty spans instead of decoding them", () => {
    const text = `{"resourceSpans":[{"scopeSpans":[{"spans":[${"{},".repeat(600_000)}{}]}]}]}`;
    expect(() => decodeTracesJson(text)).toThrow("more than 1000000 values");
  });

  it.each(["", "[]", "{", '{"resourceSpans":3}'])("throws for %j", (text) => {
    expect(() => decodeTracesJson(text)).toThrow();
  });
});
