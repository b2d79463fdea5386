import { expect, it } from "vitest";
import { foundOf, requireSame, stateOf } from "./stream-state.ts";

const first = "2026-11-20T12:00:00.123456789Z";
const found = {
  created: "monday",
  state: { messages: 3, first_seq: 5, last_seq: 7, first_ts: first },
};
const nothing = { messages: 0, first_seq: 0, last_seq: 7, first_ts: "0001-01-01T00:00:00Z" };

it("tells what a stream holds; of an empty one, that the next is the first", () => {
  expect(stateOf(found)).toEqual({ created: "monday", firstSeq: 5, lastSeq: 7 });
  const empty = { created: "monday", state: nothing };
  expect(stateOf(empty)).toEqual({ created: "monday", firstSeq: 8, lastSeq: 7 });
});

it("tells when the first message was stored, and the last of a subject", () => {
  const firstTimeMs = Date.parse("2026-11-20T12:00:00.123Z");
  const last = { seq: 6, timestamp: "2026-11-20T12:00:01Z" };
  expect(foundOf(found, last)).toMatchObject({
    ...{ firstSeq: 5, firstTimeMs, last: { seq: 6, timeMs: firstTimeMs + 877 } },
  });
  expect(foundOf({ created: "monday", state: nothing }, undefined)).toMatchObject({
    ...{ firstSeq: 8, firstTimeMs: undefined, last: undefined },
  });
});

it("accepts the same stream, and any when none was expected", () => {
  expect(requireSame(found, { stream: "S", created: "monday", fromSeq: 8 })).toBe("monday");
  expect(requireSame(found, { stream: "S", created: undefined, fromSeq: 1 })).toBe("monday");
});

it.each([
  [undefined, { created: "monday", fromSeq: 1 }, "stream S is gone"],
  [found, { created: "sunday", fromSeq: 1 }, "was created anew at monday; it was that of sunday"],
  [found, { created: "monday", fromSeq: 9 }, "ends at 7, before 9"],
])("refuses another stream", (description, expected, message) => {
  expect(() => requireSame(description, { stream: "S", ...expected })).toThrow(message);
});
