import { describe, runPairs, type Traffic } from "../compare.ts";
import type { Figure } from "../figure.ts";
import { systemSide } from "../sides.ts";
import { median } from "../statistics.ts";

const thirtyTwo: Traffic = { pace: { kind: "closed", inFlight: 32 }, connections: 4 };

export const batchingGain: Figure = {
  name: "batching_gain",
  unit: "ratio",
  better: "higher",
  goal: 3,
  about: "mid model, 32 requests at a time: throughput over one request a run, p99 not worse",
  measure: async (bench) => {
    const cluster = await bench.shipped();
    const system = await systemSide(bench, cluster, { model: "mid", name: "batched" });
    const baseline = await systemSide(bench, cluster, { model: "mid-alone", name: "one a run" });
    const pairs = await runPairs(bench, { system, baseline, traffic: thirtyTwo });
    const systems = pairs.map((pair) => pair.system);
    const baselines = pairs.map((pair) => pair.baseline);
    const p99 = (runs: typeof systems) =>
      median(runs.map(({ latencies }) => latencies.quantileUs(0.99)));
    const isWorse = p99(systems) > p99(baselines);
    return {
      kind: "measured",
      values: pairs.map((pair) => pair.system.perSecond / pair.baseline.perSecond),
      note: `${describe(system.name, systems)}; ${describe(baseline.name, baselines)}`,
      doubt: isWorse ? "p99 is worse with batches" : undefined,
    };
  },
};
