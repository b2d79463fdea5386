import { expect, it } from "vitest";
import { isSettled, type Progress } from "./settling.ts";

const up: Progress = {
  withMonitor: true,
  gateway: "serving",
  monitor: "ready",
  models: new Map([["wine-1-0", "ready"]]),
};

it("waits for the gateway to serve and for the monitor, where there is one", () => {
  expect(isSettled(up)).toBe(true);
  expect(isSettled({ ...up, gateway: "ready" })).toBe(false);
  expect(isSettled({ ...up, monitor: "starting" })).toBe(false);
  expect(isSettled({ ...up, monitor: "starting", withMonitor: false })).toBe(true);
});

it("does not wait for a gateway that has nothing to serve because every model failed", () => {
  const failed = new Map([["wine-1-0", "failed" as const]]);
  expect(isSettled({ ...up, gateway: "ready", models: failed })).toBe(true);
  expect(isSettled({ ...up, gateway: "starting", models: failed })).toBe(false);
  const oneLoads = new Map([...failed, ["credit-1-0", "loading" as const]]);
  expect(isSettled({ ...up, gateway: "ready", models: oneLoads })).toBe(false);
});
