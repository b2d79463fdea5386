import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ListHistoryRequestSchema,
  ListReportsRequestSchema,
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

describe("drift of the sample models", { timeout: 300_000 }, () => {
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
    await using _traffic = traffic(samples);
    for (const model of samples) {
      const windows = await closedWindows(model, windowsWanted);
      expect(alarms(windows), model).toEqual([]);
    }
    // How quick a machine is that runs tests may well change.
    const request = create(ListReportsRequestSchema, {});
    const { message } = await monitor.unary(MonitorService.method.listReports, request, {
      deadlineMs: 10_000,
    });
    const changes = message.reports.flatMap((report) => report.changes);
    expect(changes.filter(({ signal }) => signal !== "latency")).toEqual([]);
  });

  it("alarms on the feature that was shifted and on no other input", async () => {
    const before = (await closedWindows("diabetes", 1)).at(-1)?.endMs ?? 0n;
    await using _traffic = traffic(["diabetes"], "--shift", "bmi=+1sd");
    // One window may have been open still, and the next may hold rows of both kinds.
    const shifted = (await closedWindows("diabetes", 4, before)).slice(2);
    for (const window of shifted) {
      const inputs = window.features.filter((feature) => feature.verdict === Verdict.ALARM);
      expect(inputs.map((feature) => feature.name)).toEqual(["bmi"]);
    }
    const report = await run("drift", "diabetes", "--exit-code");
    expect(report.code).toBe(5);
    expect(report.output).toMatch(/bmi.*alarm/);
  });

  /** Plays these models' examples until disposed of. */
  function traffic(models: readonly string[], ...more: string[]): AsyncDisposable {
    const stop = new AbortController();
    const pace = ["--rate", String(rowsPerSecond), "--seconds", "300"];
    const runs = models.map((model) =>
      sluice(["simulate", model, ...pace, ...more], { env: environment(), signal: stop.signal }),
    );
    return {
      [Symbol.asyncDispose]: async () => {
        stop.abort();
        await Promise.all(runs);
      },
    };
  }

  function run(...args: string[]) {
    return sluice(args, { env: environment() });
  }

  function environment() {
    return { SLUICE_DATA: cluster.dataDir };
  }

  /**
   * At least `count` closed windows of 500 rows or more that began at or after `sinceMs`, oldest
   * first.
   */
  async function closedWindows(model: string, count: number, sinceMs = 0n): Promise<Window[]> {
    const deadline = AbortSignal.timeout(150_000);
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
