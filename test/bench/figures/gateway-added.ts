import { describe, runPairs, type Traffic } from "../compare.ts";
import type { Figure } from "../figure.ts";
import { systemSide, unarySide } from "../sides.ts";

const one: Traffic = { pace: { kind: "closed", inFlight: 1 }, connections: 1 };

export const gatewayAdded: Figure = {
  name: "gateway_added_p50_us",
  unit: "µs",
  better: "lower",
  goal: 150,
  about: "tiny model, one request at a time: latency over a unary server before the same session",
  measure: async (bench) => {
    const cluster = await bench.shipped();
    const system = await systemSide(bench, cluster, { model: "tiny" });
    const baseline = await unarySide(bench, cluster, system);
    const pairs = await runPairs(bench, { system, baseline, traffic: one });
    const systems = pairs.map((pair) => pair.system);
    const baselines = pairs.map((pair) => pair.baseline);
    return {
      kind: "measured",
      values: pairs.map(
        (pair) => pair.system.latencies.quantileUs(0.5) - pair.baseline.latencies.quantileUs(0.5),
      ),
      note: `${describe(system.name, systems)}; ${describe(baseline.name, baselines)}`,
    };
  },
};
