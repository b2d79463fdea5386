import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { statusCode } from "#wire/status.ts";
import { healthOf } from "../support/health.ts";
import { floats, turns } from "../support/infer.ts";
import { LinkClient } from "../support/link-client.ts";
import { identityModel, slowModel } from "../support/models.ts";
import { makeRepository } from "../support/repository.ts";
import { tempDir } from "../support/temp.ts";

type Started = AsyncDisposable & {
  readonly child: ChildProcess;
  readonly address: string;
  readonly messages: Record<string, unknown>[];
  readonly output: () => string;
};

const main = new URL("../../services/worker/main.ts", import.meta.url).pathname;

async function start(
  onnx: Uint8Array,
  env: Readonly<Record<string, string>> = {},
): Promise<Started> {
  await using opened = new AsyncDisposableStack();
  const dir = opened.use(await tempDir());
  const repository = opened.use(await makeRepository({ "m/1/model.onnx": onnx }));
  const address = `unix:${join(dir.path, "run", "link.sock")}`;
  const child = spawn(process.execPath, [main], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: {
      SLUICE_MODELS: repository.root,
      SLUICE_MODEL: "m",
      SLUICE_MODEL_VERSION: "1",
      SLUICE_WORKER_ADDRESS: address,
      SLUICE_WORKER_METRICS_ADDRESS: `unix:${join(dir.path, "run", "metrics.sock")}`,
      SLUICE_DRAIN_MAX_MS: "4000",
      ...env,
    },
  });
  opened.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  let output = "";
  child.stdout?.on("data", (text) => {
    output += text;
  });
  child.stderr?.on("data", (text) => {
    output += text;
  });
  const messages: Record<string, unknown>[] = [];
  child.on("message", (message: Record<string, unknown>) => void messages.push(message));
  const all = opened.move();
  const dispose = () => all.disposeAsync();
  return { child, address, messages, output: () => output, [Symbol.asyncDispose]: dispose };
}

async function told(worker: Started, type: string): Promise<Record<string, unknown>> {
  for (;;) {
    const found = worker.messages.find((message) => message["type"] === type);
    if (found !== undefined) return found;
    await once(worker.child, "message");
  }
}

async function ended(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode ?? child.signalCode;
}

test("serves, tells parent and health how it is, and ends with 0 when told to stop", async () => {
  await using worker = await start(identityModel("FP32"));
  expect(await told(worker, "ready")).toMatchObject({ address: worker.address });
  expect(await told(worker, "model")).toMatchObject({ state: "ready" });
  for (const name of ["", "m", "m/1", "sluice.link.v1.WorkerLinkService"]) {
    expect(await healthOf(worker.address, name)).toBe("SERVING");
  }
  using link = new LinkClient(worker.address);
  await link.settled();
  expect((await link.ask(floats(1, 2))).header.status).toBe(0);
  worker.child.kill("SIGTERM");
  await link.until(({ goodbye }) => goodbye !== undefined);
  expect(await ended(worker.child)).toBe(0);
});

test("keeps running with a model that cannot be loaded, and says why", async () => {
  await using worker = await start(new TextEncoder().encode("no model"));
  const message = await told(worker, "model");
  expect(message).toMatchObject({ state: "failed" });
  expect(String(message["reason"]).length).toBeGreaterThan(10);
  expect(await healthOf(worker.address, "")).toBe("NOT_SERVING");
  worker.child.kill("SIGTERM");
  expect(await ended(worker.child)).toBe(0);
});

test("ends when its parent goes", async () => {
  await using worker = await start(identityModel("FP32"));
  await told(worker, "model");
  worker.child.disconnect();
  expect(await ended(worker.child)).toBe(0);
});

test("ends the process when a run hangs, having said which request was in it", async () => {
  await using worker = await start(slowModel(), { SLUICE_RUN_MAX_MS: "100" });
  await told(worker, "ready");
  using link = new LinkClient(worker.address);
  await link.settled();
  const id = link.begin(turns(10n ** 9n));
  expect(await ended(worker.child)).toBe("SIGKILL");
  await link.until(({ ended: status }) => status !== undefined);
  expect(link.started).toEqual([id]);
});

test("does not outlive the time for stopping, whatever its model is doing", async () => {
  await using worker = await start(slowModel(), { SLUICE_DRAIN_MAX_MS: "200" });
  await told(worker, "ready");
  using link = new LinkClient(worker.address);
  await link.settled();
  const id = link.begin(turns(10n ** 9n));
  await link.until(({ started }) => started.includes(id));
  worker.child.kill("SIGTERM");
  expect((await link.reply(id)).header.status).toBe(statusCode.unavailable);
  expect(await ended(worker.child)).toBe("SIGKILL");
});

test("a setting that is wrong is one line and exit code 1", async () => {
  await using worker = await start(identityModel("FP32"), { SLUICE_RUN_MAX_MS: "soon" });
  expect(await ended(worker.child)).toBe(1);
  expect(worker.output()).toBe(
    'worker: SLUICE_RUN_MAX_MS must be an integer from 1 to 3600000, not "soon"\n',
  );
});

test("an address that is taken is one line and exit code 1", async () => {
  const server = new grpc.Server();
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const address = `127.0.0.1:${port}`;
  await using worker = await start(identityModel("FP32"), { SLUICE_WORKER_ADDRESS: address });
  expect(await ended(worker.child)).toBe(1);
  server.forceShutdown();
  const where = `${address} (SLUICE_WORKER_ADDRESS)`;
  expect(worker.output()).toBe(`worker: cannot listen on ${where}: it is already in use\n`);
});
