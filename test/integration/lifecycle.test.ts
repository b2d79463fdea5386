import { once } from "node:events";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { samplesDir, startTestCluster } from "../support/cluster.ts";
import { healthOf } from "../support/health.ts";
import { processesOf, SluiceUp, untilNoProcess } from "../support/sluice-up.ts";
import { tempDir } from "../support/temp.ts";

type Place = AsyncDisposable & { dataDir: string; modelsDir: string };

/** Folders for a cluster of one small model. */
async function place(): Promise<Place> {
  const folder = await tempDir();
  const modelsDir = join(folder.path, "models");
  await cp(join(samplesDir, "wine"), join(modelsDir, "wine"), { recursive: true });
  return {
    dataDir: join(folder.path, "data"),
    modelsDir,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

it.each(["SIGINT", "SIGTERM"] as const)(
  "%s ends everything in order, with exit code 0",
  async (signal) => {
    await using folders = await place();
    await using up = await SluiceUp.start(folders);
    await up.until(/^serving/m);
    expect((await processesOf(up.dataDir)).length).toBe(5);
    up.signal(signal);
    expect(await up.ended()).toBe(0);
    expect(await processesOf(up.dataDir)).toEqual([]);
    expect(up.errors).toBe("");
  },
);

it("a signal while it is starting ends what was started, with exit code 0", async () => {
  await using folders = await place();
  await using up = await SluiceUp.start(folders);
  await up.until(/ready/);
  up.signal("SIGTERM");
  expect(await up.ended()).toBe(0);
  expect(await processesOf(up.dataDir)).toEqual([]);
});

it("a supervisor that is killed leaves no process behind, and the next one starts", async () => {
  await using folders = await place();
  {
    await using up = await SluiceUp.start(folders);
    await up.until(/^serving/m);
    up.signal("SIGKILL");
    expect(await up.ended()).toBe(null);
    await untilNoProcess(up.dataDir);
  }
  await using again = await SluiceUp.start(folders);
  await again.until(/^serving/m);
});

it("refuses a taken port before it starts anything, in one line", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await using folders = await place();
  await using up = await SluiceUp.start({ ...folders, env: { SLUICE_GRPC_PORT: String(port) } });
  expect(await up.ended()).toBe(1);
  server.close();
  expect(up.output).toBe("");
  expect(up.errors).toBe(
    `sluice: port ${port} of the gateway cannot be had on 127.0.0.1: it is already in use ` +
      "(SLUICE_GRPC_PORT)\n",
  );
});

it.each([
  ["NATS_URL", "localhost", /^sluice: NATS_URL must be like [^\n]+\n$/],
  ["NATS_URL", "nats://127.0.0.1:1", /^sluice: NATS_URL cannot be used: 127.0.0.1:1: [^\n]+\n$/],
  ["SLUICE_DATA", "/dev/null/data", /^sluice: the data folder \/dev\/null\/data [^\n]+\n$/],
  ["SLUICE_DATA", "/proc/nowhere", /^sluice: the data folder \/proc\/nowhere [^\n]+\n$/],
  ["SLUICE_MODELS", "/dev/null/models", /^sluice: the model repository \/dev\/null[^\n]+\n$/],
  ["SLUICE_GATEWAYS", "0", /^sluice: SLUICE_GATEWAYS must be an integer [^\n]+\n$/],
  ["SLUICE_NATS_SERVER", "/bin/true", /^sluice: nats-server did not start on [^\n]+\n$/],
  ["SLUICE_NATS_SERVER", "/dev/null", /^sluice: SLUICE_NATS_SERVER=\/dev\/null is not [^\n]+\n$/],
])("refuses an unusable %s=%s in one line", async (setting, value, line) => {
  await using folders = await place();
  await using up = await SluiceUp.start({ ...folders, env: { [setting]: value } });
  expect(await up.ended()).toBe(1);
  expect(up.errors).toMatch(line);
  expect(up.output).toBe("");
});

it("refuses a second cluster on the same data folder", async () => {
  await using folders = await place();
  await using up = await SluiceUp.start(folders);
  await up.until(/^serving/m);
  await using second = await SluiceUp.start(folders);
  expect(await second.ended()).toBe(1);
  expect(second.errors).toMatch(/^sluice: the data folder \S+ \(SLUICE_DATA\) is in use[^\n]+\n$/);
  expect((await processesOf(up.dataDir)).length).toBe(5);
});

it("keeps out a model that cannot be used, says why, and serves the others", async () => {
  await using folders = await place();
  await mkdir(join(folders.modelsDir, "torn", "1"), { recursive: true });
  await writeFile(join(folders.modelsDir, "torn", "1", "model.onnx"), "not a model");
  await mkdir(join(folders.modelsDir, "odd"), { recursive: true });
  await writeFile(join(folders.modelsDir, "odd", "model.yaml"), "colour: blue\n");
  await using cluster = await startTestCluster({ modelsDir: folders.modelsDir });
  const lines = cluster.lines.join("\n");
  expect(lines).toMatch(/odd +kept out: .*colour/);
  expect(lines).toMatch(/torn-1-0 +kept out {2}torn@1: /);
  expect(cluster.readyModels.map(({ model }) => model)).toEqual(["wine"]);
  expect(await healthOf(cluster.grpc)).toBe("SERVING");
});

it("says so when no model can be used, and stays", async () => {
  await using folders = await place();
  await writeFile(join(folders.modelsDir, "wine", "1", "model.onnx"), "not a model");
  await using up = await SluiceUp.start(folders);
  await up.until(/^no model is ready/m);
  up.signal("SIGTERM");
  expect(await up.ended()).toBe(0);
});

it("serves an empty repository", async () => {
  await using folders = await place();
  await mkdir(join(folders.dataDir, "empty"), { recursive: true });
  await using cluster = await startTestCluster({ modelsDir: join(folders.dataDir, "empty") });
  expect(await healthOf(cluster.grpc)).toBe("SERVING");
});

it("serves without NATS, and then without monitor", async () => {
  await using folders = await place();
  await using cluster = await startTestCluster({ modelsDir: folders.modelsDir, nats: false });
  expect(await healthOf(cluster.grpc)).toBe("SERVING");
  expect(cluster.addresses.monitor).toBeUndefined();
  expect(cluster.addresses.nats).toBeUndefined();
});

it.each(["gateway", "monitor", "wine-1-0", "nats-server"])(
  "starts %s again when it is killed, where it was",
  async (name) => {
    await using folders = await place();
    await using cluster = await startTestCluster({ modelsDir: folders.modelsDir });
    const before = { pid: cluster.pidOf(name), addresses: cluster.addresses };
    expect(before.pid).toBeDefined();
    process.kill(before.pid ?? 0, "SIGKILL");
    await expect
      .poll(() => cluster.pidOf(name) ?? before.pid, { timeout: 20_000 })
      .not.toBe(before.pid);
    await expect
      .poll(() => healthOf(cluster.grpc, name.startsWith("wine") ? "wine" : ""), {
        timeout: 20_000,
      })
      .toBe("SERVING");
    expect(cluster.addresses).toEqual(before.addresses);
  },
);
