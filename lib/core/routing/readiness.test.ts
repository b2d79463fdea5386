import { expect, it } from "vitest";
import { isServerReady, modelHealth } from "./readiness.ts";
import { emptyTable, type Replica, type RoutingTable, withReplica } from "./table.ts";

const start = { wasReady: false, isStrict: false };

function table(...states: Replica["state"][]): RoutingTable {
  return states.reduce<RoutingTable>(
    (before, state, index) =>
      withReplica(
        before,
        { model: index < 2 ? "one" : "two", version: index + 1 },
        { instance: "i", address: "a:1", isConnected: true, state, reason: "" },
      ),
    emptyTable,
  );
}

it.each<[boolean, Replica["state"][]]>([
  [true, []],
  [true, ["ready"]],
  [true, ["ready", "failed"]],
  [false, ["ready", "loading"]],
  [false, ["failed"]],
  [false, ["failed", "failed"]],
])("is ready at start: %s with %j", (expected, states) => {
  expect(isServerReady(table(...states), start)).toBe(expected);
});

it("stays ready when models fail or reload later", () => {
  for (const state of ["loading", "failed", "draining"] as const) {
    expect(isServerReady(table(state), { wasReady: true, isStrict: false })).toBe(true);
  }
});

it("asks for every version when it is strict", () => {
  const strict = { wasReady: true, isStrict: true };
  expect(isServerReady(table("ready", "ready"), strict)).toBe(true);
  expect(isServerReady(table("ready", "failed"), strict)).toBe(false);
});

it("tells the health of models and versions", () => {
  expect(modelHealth(table("ready", "loading", "failed"))).toEqual([
    { name: "one", isServing: true },
    { name: "one/1", isServing: true },
    { name: "one/2", isServing: false },
    { name: "two", isServing: false },
    { name: "two/3", isServing: false },
  ]);
});
