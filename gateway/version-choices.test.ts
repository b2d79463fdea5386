import { expect, it } from "vitest";
import { emptyTable, withoutReplica, withReplica } from "#core/routing/table.ts";
import { VersionChoices } from "./version-choices.ts";

const replica = { instance: "w", address: "a", isConnected: true, state: "ready", reason: "" };
const first = { model: "m", version: 1 };
const one = withReplica(emptyTable, first, { ...replica, state: "ready" });

it("finds a version by its number, and the highest that is ready without one", () => {
  const choices = new VersionChoices();
  for (let time = 0; time < 2; time += 1) {
    expect(choices.find(one, "m", "1").version).toBe(1);
    expect(choices.find(one, "m", "").version).toBe(1);
    expect(() => choices.find(one, "m", "2")).toThrow("version 2 is not found");
    expect(() => choices.find(one, "other", "")).toThrow("unknown model");
  }
});

it("looks again when the table has changed", () => {
  const choices = new VersionChoices();
  choices.find(one, "m", "");
  const ready = { ...replica, instance: "v", state: "ready" as const };
  const two = withReplica(one, { model: "m", version: 2 }, ready);
  expect(choices.find(two, "m", "").version).toBe(2);
  const gone = withoutReplica(withoutReplica(two, { model: "m", version: 2 }, "v"), first, "w");
  expect(() => choices.find(gone, "m", "")).toThrow("is not ready");
});
