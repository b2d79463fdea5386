import { busy, compareRates } from "../compare.ts";
import type { Figure } from "../figure.ts";
import { echoSide, systemSide } from "../sides.ts";

export const unaryVsEcho: Figure = {
  name: "unary_vs_echo",
  unit: "ratio",
  better: "higher",
  goal: 0.75,
  about: "tiny model: requests through gateway and worker over a bare grpc-js echo server",
  measure: async (bench) => {
    const system = await systemSide(bench, await bench.shipped(), { model: "tiny" });
    const baseline = await echoSide(bench, system);
    return await compareRates(bench, { system, baseline, traffic: busy }, (one, two) => one / two);
  },
};
