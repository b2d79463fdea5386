import { expect, it } from "vitest";
import { readLostModel } from "./lost-model.ts";

const message = { type: "model", state: "failed", model: "wine", version: 1, reason: "it ended" };

it("reads what a supervisor says of a worker it gave up", () => {
  expect(readLostModel(message)).toEqual({ model: "wine", version: 1, reason: "it ended" });
});

it.each([undefined, "model", { ...message, state: "ready" }, { ...message, version: 0 }])(
  "passes over %j",
  (other) => {
    expect(readLostModel(other)).toBeUndefined();
  },
);
