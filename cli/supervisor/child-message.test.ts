import { expect, it } from "vitest";
import { parseChildMessage } from "./child-message.ts";

it("takes from a ready message what are addresses", () => {
  const message = {
    type: "ready",
    grpc: "127.0.0.1:8001",
    link: "unix:/a b.sock",
    pid: 7,
    id: "x",
  };
  expect(parseChildMessage(message)).toEqual({
    type: "ready",
    addresses: { grpc: "127.0.0.1:8001", link: "unix:/a b.sock" },
  });
});

it("reads what became of a model", () => {
  const failed = { type: "model", state: "failed", reason: "no such file" };
  expect(parseChildMessage(failed)).toEqual(failed);
  expect(parseChildMessage({ type: "model", state: "ready" })).toMatchObject({ reason: "" });
});

it("reads what a gateway tells of itself and of its connections", () => {
  for (const type of ["serving", "not-serving", "stopping"]) {
    expect(parseChildMessage({ type, more: 1 })).toEqual({ type });
  }
  const connections = { type: "connections", taken: 3, open: 2 };
  expect(parseChildMessage(connections)).toEqual(connections);
  expect(parseChildMessage({ ...connections, open: "2" })).toBeUndefined();
});

it.each([undefined, null, 1, "ready", {}, { type: "news" }, { type: "model", state: "?" }])(
  "passes over %j",
  (message) => {
    expect(parseChildMessage(message)).toBeUndefined();
  },
);
