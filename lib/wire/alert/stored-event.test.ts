import fc from "fast-check";
import { expect, it } from "vitest";
import { sampleChange } from "../../../test/support/alerts.ts";
import { alertEvent } from "./alert-event.ts";
import { readStoredEvent } from "./stored-event.ts";

const context = { cluster: "local", model: "wine", stream: "SLUICE_PREDICTIONS" };

it("reads the id of an alert and what has changed", () => {
  const bytes = encode(JSON.stringify({ id: "1f2e", ...alertEvent(sampleChange(), context) }));
  expect(readStoredEvent(bytes)).toEqual({
    id: "1f2e",
    change: { from: "pending", to: "firing" },
    isQuiet: false,
  });
});

it.each([
  { type: "sluice.retrain", data: { model: "wine", state: "firing", previous: "ok" } },
  { type: "sluice.alert.other", data: ["firing"] },
  { type: "sluice.alert.other" },
  { data: { previous: "ok" } },
])("reads the id of what is no change of an alert: %j", (rest) => {
  const event = { specversion: "1.0", id: "0b54-a_", ...rest };
  expect(readStoredEvent(encode(JSON.stringify(event)))).toEqual({ id: "0b54-a_", isQuiet: false });
});

it("knows what nobody is called for", () => {
  const event = { specversion: "1.0", id: "a", type: "sluice.alert.change", data: {} };
  expect(readStoredEvent(encode(JSON.stringify(event)))).toEqual({ id: "a", isQuiet: true });
});

it.each([
  "",
  "[]",
  "null",
  "{",
  '{"id":"a"}',
  '{"specversion":"1.0"}',
  '{"specversion":"1.0","id":7}',
  '{"specversion":"1.0","id":"a.b"}',
  '{"specversion":"1.0","id":"a\\r\\nb"}',
  `{"specversion":"1.0","id":"${"a".repeat(129)}"}`,
])("takes %j for no event", (text) => {
  expect(readStoredEvent(encode(text))).toBeUndefined();
});

it("never throws", () => {
  const json = fc.json().map(encode);
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), json), (bytes) => {
      readStoredEvent(bytes);
    }),
  );
});

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
