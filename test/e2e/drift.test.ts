import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ListHistoryRequestSchema,
  MonitorService,
  Verdict,
  type Window,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { sleep } from "#platform/clock.ts";
import { RpcClient } from "#platform/rpc/client.ts";
import { samplesDir, startTestCluster, type TestCluster } from "../support/cluster.ts";
import { sluice } from "../support/sluice.ts";
import { tempDir } from "../support/temp.ts";

/** Short windows, so that twenty of them fit into a test; everything else as shipped. */
const windowMs = 2000;
const rowsPerSecond = 400;
const windowsWanted = 20;
const samples = ["credit", "diabetes", "digits", "wine"];

describe("drift of the sample models", { timeout: 240_000 }, () => {
  const opened = new AsyncDisposableStack();
  let cluster: TestCluster;
  let monitor: RpcClient;

  beforeAll(async () => {
    const models = opened.use(await tempDir());
    await cp(samplesDir, models.path, { recursive: true });
    for (const model of samples) await shortenWindows(join(models.path, model, "model.yaml"));
    const env = { SLUICE_MONITOR_GRACE_MS: "1000" };
    cluster = opened.use(await startTestCluster({ modelsDir: models.path, env }));
    monitor = opened.use(new RpcClient(cluster.addresses.monitor?.["grpc"] ?? ""));
  });

  afterAll(async () => {
    await opened.disposeAsync();
  });

  it("alarms on nothing over twenty windows of traffic like the training data", async () => {
    const seconds = ((windowsWanted + 3) * windowMs) / 1000;
    const runs = await Promise.all(samples.map((model) => play(model, seconds)));
    expect(runs.map((run) => run.code)).toEqual(samples.map(() => 0));
    for (const model of samples) {
      const windows = await closedWindows(model, windowsWanted);
      expect(alarms(windows), model).toEqual([]);
    }
  });

  it("alarms on the feature that was shifted and on no other input", async () => {
    const before = (await closedWindows("diabetes", 1))[0]?.endMs ?? 0n;
    expect(await play("diabetes", 8, "--shift", "bmi=+1sd")).toMatchObject({ code: 0 });
    const shifted = (await closedWindows("diabetes", 2, before)).slice(-2);
    for (const window of shifted) {
      const inputs = window.features.filter((feature) => feature.verdict === Verdict.ALARM);
      expect(inputs.map((feature) => feature.name)).toEqual(["bmi"]);
    }
    const report = await run("drift", "diabetes", "--exit-code");
    expect(report.code).toBe(5);
    expect(report.output).toMatch(/bmi.*alarm/);
  });

  function play(model: string, seconds: number, ...more: string[]) {
    const pace = ["--rate", String(rowsPerSecond), "--seconds", String(seconds)];
    return run("simulate", model, ...pace, ...more);
  }

  function run(...args: string[]) {
    return sluice(args, { env: { SLUICE_DATA: cluster.dataDir } });
  }

  /**
   * At least `count` closed windows of 500 rows or more that began at or after `sinceMs`, oldest
   * first.
   */
  async function closedWindows(model: string, count: number, sinceMs = 0n): Promise<Window[]> {
    const deadline = AbortSignal.timeout(60_000);
    for (;;) {
      const request = create(ListHistoryRequestSchema, { model, version: 0, limit: 200 });
      const { message } = await monitor.unary(MonitorService.method.listHistory, request, {
        deadlineMs: 10_000,
      });
      const windows = message.windows
        .filter((window) => !window.provisional && window.rows >= 500n)
        .filter((window) => window.startMs >= sinceMs)
        .reverse();
      if (windows.length >= count) return windows;
      const rows = message.windows.map((window) => window.rows);
      if (deadline.aborted) throw new Error(`${model}: ${windows.length} windows, rows ${rows}`);
      await sleep(200);
    }
  }
});

function alarms(windows: readonly Window[]): string[] {
  return windows.flatMap((window) =>
    [...window.features, ...window.outputs]
      .filter((feature) => feature.verdict === Verdict.ALARM)
      .map((feature) => `${feature.name} of the window at ${window.startMs}`),
  );
}

async function shortenWindows(path: string): Promise<void> {
  const settings = await readFile(path, "utf8");
  await writeFile(path, `${settings}\nmonitoring: { windowMs: ${windowMs} }\n`);
}
