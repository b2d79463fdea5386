import { expect, it } from "vitest";
import { chooseVersion, findNamed, notReady } from "./choose-version.ts";
import { emptyTable, type Replica, type RoutingTable, withReplica, withVersion } from "./table.ts";

function replica(state: Replica["state"], reason = ""): Replica {
  return { instance: "i", address: "a:1", isConnected: true, state, reason };
}

function table(): RoutingTable {
  let made = withReplica(emptyTable, { model: "digits", version: 1 }, replica("ready"));
  made = withReplica(made, { model: "digits", version: 2 }, replica("ready"));
  made = withReplica(made, { model: "digits", version: 10 }, replica("loading"));
  made = withReplica(made, { model: "bad", version: 3 }, replica("failed", "no such operator"));
  return withVersion(made, { model: "out", version: 0 }, { kind: "failed", reason: "model.yaml" });
}

it.each([
  ["", 2],
  ["1", 1],
  ["2", 2],
])("takes version %j of digits for %i", (asked, version) => {
  expect(chooseVersion(table(), "digits", asked)).toMatchObject({
    kind: "chosen",
    entry: { version },
  });
});

it.each([
  ["nothing", "", "not-found", 'unknown model: "nothing" is not found'],
  ["digits", "3", "not-found", "version 3 is not found; there is 1, 2, 10"],
  ["digits", "0", "invalid-argument", '"0" is no version'],
  ["digits", "01", "invalid-argument", '"01" is no version'],
  ["digits", "-1", "invalid-argument", '"-1" is no version'],
  ["digits", "1abc", "invalid-argument", '"1abc" is no version'],
  ["digits", "99999999999", "invalid-argument", '"99999999999" is no version'],
  ["digits", "2147483648", "invalid-argument", "expected an integer from 1 to 2147483647"],
  ["digits", "10", "unavailable", '"digits" version 10 is not ready: the model is being loaded'],
  ["bad", "", "unavailable", '"bad" version 3 is not ready: no such operator'],
  ["bad", "3", "unavailable", "no such operator"],
  ["out", "", "unavailable", '"out" is not ready: model.yaml'],
  ["out", "7", "unavailable", '"out" is not ready: model.yaml'],
])("refuses %s version %j with %s", (model, version, code, message) => {
  expect(chooseVersion(table(), model, version)).toMatchObject({
    kind: "refused",
    failure: { code, message: expect.stringContaining(message) },
  });
});

it("finds what is not ready when only asked what there is", () => {
  expect(findNamed(table(), "bad", "")).toMatchObject({ kind: "chosen", entry: { version: 3 } });
});

it("says when to try again only where waiting may help", () => {
  const entry = {
    model: "m",
    version: 1,
    expectation: { kind: "expected" },
    replicas: [],
  } as const;
  expect(notReady(entry, "starting").retryAfterMs).toBeGreaterThan(0);
  const failed = { ...entry, replicas: [replica("failed", "why")] };
  expect(notReady(failed, "why").retryAfterMs).toBeUndefined();
});
