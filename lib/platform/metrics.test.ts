import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { fetchExposition } from "./exposition.ts";
import { durationBounds, type MetricsOptions, openMetrics } from "./metrics.ts";

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

const loopback = { host: "127.0.0.1", port: 0, setting: "SLUICE_METRICS_PORT" };

async function opened(options: Partial<MetricsOptions> = {}) {
  const labels = { worker: "wine-1-0" };
  return open.use(await openMetrics({ service: "worker", labels, listen: loopback, ...options }));
}

describe("openMetrics", () => {
  it("serves metrics under their own names, with the labels of the process", async () => {
    const { meter, address } = await opened();
    meter
      .counter({ name: "sluice_worker_rows_total", help: "Rows.", labels: ["status"] })
      .series("OK")
      .add(3);
    meter
      .histogram({ name: "sluice_worker_run_seconds", help: "Runs.", bounds: durationBounds })
      .series()
      .record(0.003);
    const text = await fetchExposition(address, 5_000);
    expect(text).toContain("# HELP sluice_worker_rows_total Rows.");
    expect(text).toContain('sluice_worker_rows_total{status="OK",worker="wine-1-0"} 3');
    expect(text).toContain('sluice_worker_run_seconds_bucket{worker="wine-1-0",le="0.005"} 1');
    expect(text).toMatch(/sluice_process_resident_memory_bytes\{service="worker",.*\} [0-9]+/);
    expect(text).not.toContain("otel_scope");
    expect(text).not.toContain("target_info");
  });

  it("says what it serves in a form that Prometheus takes", async () => {
    const { address } = await opened();
    const reply = await fetch(`http://${address}/metrics`);
    expect(reply.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect((await fetch(`http://${address}/other`)).status).toBe(404);
  });

  it("keeps the metrics of two processes apart", async () => {
    const first = await opened();
    const second = await opened();
    first.meter.counter({ name: "sluice_only_first_total", help: "Of the first." });
    expect(await second.expose()).not.toContain("sluice_only_first_total");
  });

  it("serves on a Unix socket, also where a dead process left one", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-metrics-"));
    open.defer(() => rm(folder, { recursive: true }));
    const socket = join(folder, "metrics.sock");
    await writeFile(socket, "");
    const { address } = await opened({ listen: { socket } });
    expect(address).toBe(`unix:${socket}`);
    expect(await fetchExposition(address, 5_000)).toContain("sluice_process_cpu_seconds_total");
  });

  it("tells the expositions of others beside its own, every family once", async () => {
    const worker = await opened();
    worker.meter.counter({ name: "sluice_worker_rows_total", help: "Rows." }).series().add(5);
    const gateway = await opened({
      service: "gateway",
      labels: {},
      others: async () => [await worker.expose(), await worker.expose()],
    });
    const text = await fetchExposition(gateway.address, 5_000);
    expect(text.match(/sluice_worker_rows_total\{/g)).toHaveLength(1);
    expect(text.match(/# TYPE sluice_process_cpu_seconds_total/g)).toHaveLength(1);
    expect(text).toContain('service="gateway"');
    expect(text).toContain('service="worker"');
  });

  it("goes on telling its own when the others cannot be had", async () => {
    const { address } = await opened({ others: () => Promise.reject(new Error("gone")) });
    expect(await fetchExposition(address, 5_000)).toContain("sluice_process_cpu_seconds_total");
  });

  it("names the port and the setting when the port is taken", async () => {
    const taken = await opened();
    const port = Number(taken.address.split(":")[1]);
    await expect(opened({ listen: { ...loopback, port } })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port} (SLUICE_METRICS_PORT): it is already in use`,
    );
  });
});
