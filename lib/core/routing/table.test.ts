import { expect, it } from "vitest";
import {
  allVersions,
  emptyTable,
  findVersion,
  type Replica,
  type RoutingTable,
  readyReplicas,
  versionState,
  versionsOf,
  withoutReplica,
  withoutVersion,
  withReplica,
  withVersion,
} from "./table.ts";

const wine = { model: "wine", version: 1 };
const ready: Replica = {
  instance: "wine-1-0",
  address: "unix:/run/w.sock",
  isConnected: true,
  state: "ready",
  reason: "",
};

function state(replicas: readonly Replica[]): unknown {
  const table = replicas.reduce<RoutingTable>(
    (before, replica) => withReplica(before, wine, replica),
    withVersion(emptyTable, wine, { kind: "expected" }),
  );
  const entry = findVersion(table, wine);
  return entry === undefined ? undefined : versionState(entry);
}

it("leaves the table it was made from as it was", () => {
  const one = withReplica(emptyTable, wine, ready);
  const two = withReplica(one, wine, { ...ready, state: "draining" });
  expect(findVersion(emptyTable, wine)).toBeUndefined();
  expect(findVersion(one, wine)?.replicas).toEqual([ready]);
  expect(findVersion(two, wine)?.replicas).toHaveLength(1);
  expect(readyReplicas(findVersion(two, wine) ?? { ...wine, ...noEntry })).toEqual([]);
});

const noEntry = { expectation: { kind: "expected" }, replicas: [] } as const;

it("lists versions by name and number", () => {
  let table = emptyTable;
  for (const [model, version] of [
    ["b", 10],
    ["a", 2],
    ["b", 9],
  ] as const) {
    table = withVersion(table, { model, version }, { kind: "expected" });
  }
  expect(allVersions(table).map((entry) => [entry.model, entry.version])).toEqual([
    ["a", 2],
    ["b", 9],
    ["b", 10],
  ]);
  expect(versionsOf(table, "none")).toEqual([]);
});

it("keeps a version known when its last replica goes", () => {
  const table = withoutReplica(withReplica(emptyTable, wine, ready), wine, "wine-1-0");
  expect(findVersion(table, wine)?.replicas).toEqual([]);
  expect(withoutReplica(table, { model: "x", version: 1 }, "y")).toBe(table);
});

it("forgets a version, and with the last one the model", () => {
  const both = withReplica(withReplica(emptyTable, wine, ready), { ...wine, version: 2 }, ready);
  const second = withoutVersion(both, wine);
  expect(allVersions(second).map((entry) => entry.version)).toEqual([2]);
  expect(withoutVersion(second, { ...wine, version: 2 }).models.has("wine")).toBe(false);
});

it("keeps replicas when it is told anew what to expect", () => {
  const table = withVersion(withReplica(emptyTable, wine, ready), wine, { kind: "expected" });
  expect(findVersion(table, wine)?.replicas).toEqual([ready]);
});

it.each<[string, Replica[], unknown]>([
  ["no worker at all", [], { state: "failed", reason: "no worker is running" }],
  ["one that is ready", [ready], { state: "ready", reason: "" }],
  [
    "one that was ready and is lost",
    [{ ...ready, isConnected: false, reason: "it ended the link" }],
    { state: "loading", reason: "worker wine-1-0 is not connected: it ended the link" },
  ],
  [
    "one that has not been reached yet",
    [{ ...ready, isConnected: false }],
    { state: "loading", reason: "worker wine-1-0 is not connected" },
  ],
  [
    "one that loads",
    [{ ...ready, state: "loading" }],
    { state: "loading", reason: "the model is being loaded" },
  ],
  [
    "one that stops",
    [{ ...ready, state: "draining" }],
    { state: "draining", reason: "worker wine-1-0 is stopping" },
  ],
  [
    "one that failed, even when it cannot be reached",
    [{ ...ready, isConnected: false, state: "failed", reason: "bad file" }],
    { state: "failed", reason: "bad file" },
  ],
  [
    "one that failed beside one that is ready",
    [{ ...ready, instance: "wine-1-1", state: "failed", reason: "bad file" }, ready],
    { state: "ready", reason: "" },
  ],
])("tells the state of a version with %s", (_, replicas, expected) => {
  expect(state(replicas)).toEqual(expected);
});

it("says why a model was kept out before any worker was started", () => {
  const ref = { model: "broken", version: 0 };
  const table = withVersion(emptyTable, ref, { kind: "failed", reason: "model.yaml: no" });
  const [entry] = allVersions(table);
  expect(entry && versionState(entry)).toEqual({ state: "failed", reason: "model.yaml: no" });
});

it("believes that a version has failed until a worker speaks for it", () => {
  const lost = { ...ready, isConnected: false };
  const failed = withVersion(withReplica(emptyTable, wine, lost), wine, {
    kind: "failed",
    reason: "its worker ended five times",
  });
  const stateIn = (table: RoutingTable) => allVersions(table).map(versionState);
  expect(stateIn(failed)).toEqual([{ state: "failed", reason: "its worker ended five times" }]);
  expect(stateIn(withReplica(failed, wine, ready))).toEqual([{ state: "ready", reason: "" }]);
});
