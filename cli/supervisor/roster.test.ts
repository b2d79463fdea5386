import { expect, it } from "vitest";
import { Roster } from "./roster.ts";

const wine = { model: "wine", version: 1, instance: "wine-1-0" };
const replica = { ...wine, instance: "wine-1-1" };
const digits = { model: "digits", version: 2, instance: "digits-2-0" };

function newRoster(
  workers: readonly (typeof wine)[],
  { withMonitor = false, gateways = ["gateway"] } = {},
) {
  const lines: string[] = [];
  const lost: string[] = [];
  const roster = new Roster({
    gateways,
    workers,
    withMonitor,
    onReport: (line) => lines.push(line),
    onAddresses: () => {},
    onLostModel: ({ instance }, reason) => lost.push(`${instance} ${reason}`),
  });
  return { roster, lines, lost };
}

async function isSettled(roster: Roster): Promise<boolean> {
  return await Promise.race([
    roster.settled.then(() => true),
    new Promise<boolean>((resolve) => setImmediate(() => resolve(false))),
  ]);
}

const ready = { type: "ready", addresses: { grpc: "h:1", metrics: "h:2" } } as const;

it("is settled only when the gateway serves and has said where", async () => {
  const { roster, lines } = newRoster([]);
  roster.onGateway("gateway", { type: "serving" });
  expect(await isSettled(roster)).toBe(false);
  roster.onGateway("gateway", ready);
  expect(await isSettled(roster)).toBe(true);
  expect(roster.gateway).toEqual({ grpc: "h:1", metrics: "h:2" });
  expect(lines).toEqual(["gateway  ready  grpc h:1  metrics h:2"]);
});

it("is settled only when every process of the gateway serves", async () => {
  const { roster, lines } = newRoster([], { gateways: ["gateway-0", "gateway-1"] });
  roster.onGateway("gateway-0", { type: "serving" });
  roster.onGateway("gateway-0", ready);
  roster.onGateway("gateway-1", ready);
  expect(await isSettled(roster)).toBe(false);
  roster.onGateway("gateway-1", { type: "serving" });
  expect(await isSettled(roster)).toBe(true);
  expect(lines).toEqual([
    "gateway-0  ready  grpc h:1  metrics h:2",
    "gateway-1  ready  grpc h:1  metrics h:2",
  ]);
});

it("fails when gateway or monitor cannot be started", async () => {
  for (const name of ["gateway", "monitor"] as const) {
    const { roster } = newRoster([wine], { withMonitor: true });
    const event = { type: "gave-up", reason: "no luck" } as const;
    if (name === "gateway") roster.onGateway("gateway", event);
    else roster.onMonitor(event);
    await expect(roster.settled).rejects.toThrow(`${name}: no luck`);
  }
});

it("tells of each worker's model, and names ready versions once", () => {
  const { roster, lines } = newRoster([wine, replica, digits]);
  roster.onWorker(wine, { type: "model", state: "ready", reason: "" });
  roster.onWorker(replica, { type: "model", state: "ready", reason: "" });
  roster.onWorker(digits, { type: "model", state: "failed", reason: "no such file" });
  expect(roster.readyModels()).toEqual([wine]);
  expect(lines).toEqual([
    "wine-1-0    ready  wine@1",
    "wine-1-1    ready  wine@1",
    "digits-2-0  kept out  digits@2: no such file",
  ]);
});

it("passes on that a worker is given up to every gateway, which cannot know", async () => {
  const { roster, lines, lost } = newRoster([wine]);
  roster.onGateway("gateway", ready);
  roster.onWorker(wine, { type: "ended", reason: "signal SIGSEGV", delayMs: 200 });
  expect(await isSettled(roster)).toBe(false);
  roster.onWorker(wine, { type: "gave-up", reason: "signal SIGSEGV" });
  expect(await isSettled(roster)).toBe(true);
  expect(lost).toEqual(["wine-1-0 signal SIGSEGV"]);
  roster.onGateway("gateway", ready);
  expect(lost).toHaveLength(2);
  expect(lines.slice(1, 3)).toEqual([
    "wine-1-0  ended (signal SIGSEGV), starting it again in 0.2 s",
    "wine-1-0  kept out  wine@1: signal SIGSEGV",
  ]);
});
