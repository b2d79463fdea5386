/** Several gateway processes behind one port, as `sluice up --gateways 2` starts them. */
import { cp, readdir } from "node:fs/promises";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { samplesDir, startTestCluster, type TestCluster } from "../support/cluster.ts";
import { greet, TestConnection } from "../support/connections.ts";
import { healthOf } from "../support/health.ts";
import { tempDir } from "../support/temp.ts";
import { WineClient } from "../support/wine-client.ts";

const opened = new AsyncDisposableStack();
let cluster: TestCluster;

beforeAll(async () => {
  const folder = opened.use(await tempDir());
  const modelsDir = join(folder.path, "models");
  await cp(join(samplesDir, "wine"), join(modelsDir, "wine"), { recursive: true });
  cluster = opened.use(await startTestCluster({ modelsDir, nats: false, gateways: 2 }));
}, 60_000);
afterAll(() => opened.disposeAsync());
afterEach(untilBothServe);

/** Resolves when both processes serve, so that one test does not see what another has done. */
async function untilBothServe(): Promise<void> {
  const ready =
    /^sluice_gateway_model_ready\{model="wine",version="1",gateway="gateway-[01]"\} 1$/gm;
  const both = async () => (await metrics()).match(ready)?.length;
  await expect.poll(both, { timeout: 30_000 }).toBe(2);
}

async function metrics(): Promise<string> {
  const reply = await fetch(`http://${cluster.addresses.gateway?.["metrics"]}/metrics`);
  return await reply.text();
}

/** The values of all series whose lines begin so, added up. */
async function metric(series: string): Promise<number> {
  const lines = (await metrics()).split("\n").filter((text) => text.startsWith(series));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

function pidOf(name: string): number {
  const pid = cluster.pidOf(name);
  if (pid === undefined) throw new Error(`${name} is not running`);
  return pid;
}

async function untilReplaced(name: string, pid: number): Promise<void> {
  await expect.poll(() => cluster.pidOf(name) ?? pid, { timeout: 20_000 }).not.toBe(pid);
}

describe("one port", () => {
  it("is that of all processes, each with a log of its own", async () => {
    expect(cluster.gateways).toEqual(["gateway-0", "gateway-1"]);
    expect(new Set(cluster.gateways.map(pidOf)).size).toBe(2);
    expect(await readdir(join(cluster.dataDir, "logs"))).toEqual(
      expect.arrayContaining(["gateway-0.log", "gateway-1.log"]),
    );
    expect(await healthOf(cluster.grpc)).toBe("SERVING");
    expect(cluster.lines.filter((line) => line.includes(`grpc ${cluster.grpc}`))).toHaveLength(2);
  });

  it("gives every process about the same number of connections", async () => {
    using stack = new DisposableStack();
    for (let n = 0; n < 20; n += 1) {
      expect(await stack.use(new TestConnection(cluster.grpc)).greet()).toBe("answered");
    }
    const open = (name: string) => metric(`sluice_gateway_connections{gateway="${name}"}`);
    const each = async () => Promise.all(cluster.gateways.map(open));
    await expect.poll(async () => (await each()).reduce((sum, one) => sum + one)).toBe(20);
    expect(Math.min(...(await each()))).toBeGreaterThanOrEqual(9);
  });

  it("takes five hundred connections at once beside fifty that say nothing", async () => {
    using stack = new DisposableStack();
    const silent = Array.from({ length: 50 }, () => stack.use(new TestConnection(cluster.grpc)));
    await Promise.all(silent.map((one) => one.connected));
    const answers = await Promise.all(Array.from({ length: 500 }, () => greet(cluster.grpc)));
    expect(answers.filter((answer) => answer !== "answered")).toEqual([]);
    // Nothing was read of them, and nothing is lost of what they say late.
    const late = await Promise.all(silent.map((one) => one.greet()));
    expect(late.filter((answer) => answer !== "answered")).toEqual([]);
  }, 60_000);
});

describe("a connection on its way to a process", () => {
  it("loses nothing of what its client sends meanwhile", async () => {
    using stack = new DisposableStack();
    const clients = Array.from({ length: 20 }, () => stack.use(new WineClient(cluster.grpc)));
    // Some 100 kB each, more than the system takes before somebody reads.
    const codes = await Promise.all(clients.map((client) => client.predict(2_000)));
    // On a busy machine some are refused, for which they had to arrive as well.
    const answers = [grpc.status.OK, grpc.status.RESOURCE_EXHAUSTED];
    expect(codes.filter((code) => !answers.includes(code))).toEqual([]);
    expect(codes).toContain(grpc.status.OK);
  });
});

describe("a process that ends", () => {
  it("is not noticed by two hundred clients that connect while it is killed", async () => {
    const pid = pidOf("gateway-0");
    const answers: string[] = [];
    for (let n = 0; n < 200; n += 1) {
      if (n === 50) process.kill(pid, "SIGKILL");
      let answer = await greet(cluster.grpc);
      // It may have been on a connection that died with the process: clients connect again.
      if (answer === "closed") answer = await greet(cluster.grpc);
      answers.push(answer);
    }
    expect(answers.filter((answer) => answer !== "answered")).toEqual([]);
    await untilReplaced("gateway-0", pid);
  }, 60_000);

  it("loses no connection that was on its way to it", async () => {
    const pid = pidOf("gateway-0");
    using stack = new DisposableStack();
    process.kill(pid, "SIGSTOP");
    stack.defer(() => process.kill(pid, "SIGCONT"));
    const connections = Array.from({ length: 6 }, () =>
      stack.use(new TestConnection(cluster.grpc)),
    );
    let answered = 0;
    const answers = connections.map(async (one) => {
      const answer = await one.greet();
      answered += 1;
      return answer;
    });
    // All but the one that waits in the channel of the stopped process.
    await expect.poll(() => answered).toBe(5);
    process.kill(pid, "SIGKILL");
    stack.move();
    expect(await Promise.all(answers)).toEqual(answers.map(() => "answered"));
    for (const connection of connections) connection[Symbol.dispose]();
    await untilReplaced("gateway-0", pid);
  }, 60_000);

  it("finishes what it holds on SIGTERM, while the others take what comes", async () => {
    using stack = new DisposableStack();
    const clients = [0, 1].map(() => stack.use(new WineClient(cluster.grpc)));
    for (const client of clients) expect(await client.predict()).toBe(grpc.status.OK);
    const pid = pidOf("gateway-1");
    const underWay = clients.flatMap((client) => [client.predict(), client.predict()]);
    process.kill(pid, "SIGTERM");
    const answers = Array.from({ length: 30 }, () => greet(cluster.grpc));
    expect(await Promise.all(underWay)).toEqual(underWay.map(() => grpc.status.OK));
    expect((await Promise.all(answers)).filter((answer) => answer === "refused")).toEqual([]);
    await untilReplaced("gateway-1", pid);
    for (const client of clients) await client.untilAnswered();
  }, 60_000);

  it("keeps the port open when all have ended", async () => {
    const pids = cluster.gateways.map(pidOf);
    for (const pid of pids) process.kill(pid, "SIGKILL");
    let answer = await greet(cluster.grpc);
    while (answer === "closed") answer = await greet(cluster.grpc);
    expect(answer).toBe("answered");
    await Promise.all(cluster.gateways.map((name, n) => untilReplaced(name, pids[n] ?? 0)));
  }, 60_000);
});

describe("what they count", () => {
  const answered = "sluice_gateway_requests_total{";

  it("is added up, and stays when a process ends", async () => {
    using stack = new DisposableStack();
    const before = await metric(answered);
    const clients = [0, 1].map(() => stack.use(new WineClient(cluster.grpc)));
    for (const client of clients) for (let n = 0; n < 3; n += 1) await client.predict();
    expect(await metric(answered)).toBe(before + 6);
    const pid = pidOf("gateway-0");
    process.kill(pid, "SIGKILL");
    await untilReplaced("gateway-0", pid);
    await untilBothServe();
    expect(await metric(answered)).toBe(before + 6);
    const text = await metrics();
    expect(text.split("\nsluice_worker_links{")).toHaveLength(2);
    expect(text.split("\nsluice_gateway_held_bytes{gateway=")).toHaveLength(3);
  }, 60_000);

  it("is answered alike on every connection", async () => {
    using stack = new DisposableStack();
    const clients = [0, 1].map(() => stack.use(new WineClient(cluster.grpc)));
    for (const client of clients) for (let n = 0; n < 3; n += 1) await client.predict();
    const counts = async () => {
      const told = await Promise.all(clients.map((client) => client.statistics()));
      return told.map((reply) => Number(reply.modelStats[0]?.inferenceCount));
    };
    // A process too busy to answer another in time is left out of that answer.
    const alike = async () => new Set(await counts()).size;
    await expect.poll(alike, { timeout: 10_000 }).toBe(1);
    expect((await counts())[0]).toBeGreaterThanOrEqual(6);
  });
});
