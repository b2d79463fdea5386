import { busy, compareRates } from "../compare.ts";
import type { Figure } from "../figure.ts";
import { systemSide } from "../sides.ts";

export const twoGatewaysVsOne: Figure = {
  name: "two_gateways_vs_one",
  unit: "ratio",
  better: "higher",
  goal: 0.9,
  about: "tiny model: requests through two gateway processes over one; a gain takes cores to spare",
  measure: async (bench) => {
    const options = { models: ["tiny"], monitor: false } as const;
    await using two = await bench.ownCluster({ ...options, gateways: 2 });
    await using one = await bench.ownCluster({ ...options, gateways: 1 });
    const system = await systemSide(bench, two, { model: "tiny", name: "two" });
    const baseline = await systemSide(bench, one, { model: "tiny", name: "one" });
    return await compareRates(
      bench,
      { system, baseline, traffic: busy },
      (rateOfTwo, rateOfOne) => rateOfTwo / rateOfOne,
    );
  },
};
