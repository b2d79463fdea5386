import { busy, runSide } from "../compare.ts";
import type { Figure } from "../figure.ts";
import { requireClean } from "../load/load.ts";
import { residentMb } from "../processes.ts";
import { systemSide } from "../sides.ts";
import type { Workbench } from "../workbench.ts";

type Process = "gateway" | "worker" | "monitor";

/** Requests of the tiny model before anybody looks. */
const runs = 3;

export const rssGateway: Figure = residentFigure("gateway", 170);
export const rssWorker: Figure = residentFigure("worker", 210);
export const rssMonitor: Figure = residentFigure("monitor", 150);

function residentFigure(process: Process, goal: number): Figure {
  const except = process === "monitor" ? ", less what its trace store reports holding" : "";
  return {
    name: `rss_${process}_mb`,
    unit: "MB",
    better: "lower",
    goal,
    about: `resident memory of the ${process} after a run of the tiny model${except}`,
    measure: async (bench) => {
      const found = await bench.once("resident memory", () => measureAll(bench));
      const tracesMb = process === "monitor" ? found.tracesMb : 0;
      const traces = tracesMb > 0 ? `, ${tracesMb.toFixed(1)} MB of traces not counted` : "";
      const note = `after ${found.requests} requests${traces}`;
      return { kind: "measured", values: [found[process] - tracesMb], note };
    },
  };
}

async function measureAll(bench: Workbench) {
  await using cluster = await bench.ownCluster({ models: ["tiny"], gateways: 1 });
  const side = await systemSide(bench, cluster, { model: "tiny" });
  let requests = 0;
  for (let run = 0; run < runs; run += 1) {
    bench.progress(`a run of the tiny model, ${run + 1}`);
    const measured = await runSide(bench, side, busy);
    requireClean(measured, side.name);
    requests += measured.answered;
  }
  return {
    gateway: residentMb(cluster.pidOf("gateway")),
    worker: residentMb(cluster.pidOf("tiny-1-0")),
    monitor: residentMb(cluster.pidOf("monitor")),
    tracesMb: (await traceStoreBytes(cluster.monitorMetrics)) / 1e6,
    requests,
  };
}

async function traceStoreBytes(metrics: string): Promise<number> {
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  const line = /^sluice_monitor_trace_store_bytes(?:\{[^}]*\})? ([0-9.e+]+)/m.exec(text);
  return Number(line?.[1] ?? 0);
}
