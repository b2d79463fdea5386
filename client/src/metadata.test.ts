import { expect, it } from "vitest";
import { newTraceparent, parsePushback, parseServerTiming, traceIdOf } from "./metadata.ts";

it("reads server-timing as the gateway writes it", () => {
  const text = "wait;dur=1.250, link;dur=0.010, total;dur=1.260";
  expect(parseServerTiming(text)).toEqual({ wait: 1.25, link: 0.01, total: 1.26 });
  expect(parseServerTiming("nonsense")).toEqual({});
});

it("draws a sampled trace context whose id it finds again", () => {
  const traceparent = newTraceparent(Uint8Array.from({ length: 24 }, (_, index) => index + 1));
  expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect(traceIdOf(traceparent)).toBe("0102030405060708090a0b0c0d0e0f10");
  expect(traceIdOf("nonsense")).toBeUndefined();
});

it("takes a pushback only where it is a delay", () => {
  expect(["100", "-1", "x", undefined].map(parsePushback)).toEqual([
    100,
    undefined,
    undefined,
    undefined,
  ]);
});
