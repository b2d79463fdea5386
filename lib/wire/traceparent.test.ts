import { describe, expect, it } from "vitest";
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

describe("traceparent", () => {
  it.each([
    ["a sampled caller", `00-${traceId}-${spanId}-01`, true],
    ["an unsampled caller", `00-${traceId}-${spanId}-00`, false],
    ["other flags beside sampled", `00-${traceId}-${spanId}-03`, true],
    ["other flags alone", `00-${traceId}-${spanId}-02`, false],
    ["a later version with more fields", `cc-${traceId}-${spanId}-01-what-follows`, true],
    ["spaces around it", ` 00-${traceId}-${spanId}-01 `, true],
  ])("reads %s", (_what, text, sampled) => {
    expect(parseTraceparent(text)).toEqual({ traceId, spanId, sampled });
  });

  it.each([
    ["nothing", ""],
    ["version ff", `ff-${traceId}-${spanId}-01`],
    ["more fields in version 00", `00-${traceId}-${spanId}-01-more`],
    ["a trace id of zeros", `00-${"0".repeat(32)}-${spanId}-01`],
    ["a span id of zeros", `00-${traceId}-${"0".repeat(16)}-01`],
    ["upper-case digits", `00-${traceId.toUpperCase()}-${spanId}-01`],
    ["an id that is too short", `00-${traceId.slice(1)}-${spanId}-01`],
    ["missing flags", `00-${traceId}-${spanId}`],
    ["a later version with unseparated fields", `cc-${traceId}-${spanId}-01more`],
  ])("ignores %s", (_what, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  it.each([true, false])("reads what it writes (sampled: %s)", (sampled) => {
    const context = { traceId, spanId, sampled };
    expect(parseTraceparent(formatTraceparent(context))).toEqual(context);
  });
});
