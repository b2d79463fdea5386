import { compareRates, type Traffic } from "../compare.ts";
import type { Figure } from "../figure.ts";
import { systemSide } from "../sides.ts";

/** Enough to keep a batch running and the next one full. */
export const full: Traffic = { pace: { kind: "closed", inFlight: 128 }, connections: 4 };

export const eventsCost: Figure = {
  name: "events_cost",
  unit: "share",
  better: "lower",
  goal: 0.05,
  about: "mid model: throughput lost with events and monitor on",
  measure: async (bench) => {
    await using loud = await bench.ownCluster({ models: ["mid"] });
    await using silent = await bench.ownCluster({ models: ["mid"], monitor: false });
    const system = await systemSide(bench, loud, { model: "mid", name: "with events" });
    const baseline = await systemSide(bench, silent, { model: "mid", name: "without" });
    const comparison = { system, baseline, traffic: full };
    return await compareRates(bench, comparison, (on, off) => 1 - on / off);
  },
};
