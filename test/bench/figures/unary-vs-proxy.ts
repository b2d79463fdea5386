import { busy, compareRates, type Side } from "../compare.ts";
import type { Figure } from "../figure.ts";
import { systemSide, unarySide } from "../sides.ts";

export const unaryVsProxy: Figure = {
  name: "unary_vs_proxy",
  unit: "ratio",
  better: "higher",
  goal: 3,
  about: "tiny model: the same over a unary-to-unary proxy before the same worker",
  measure: async (bench) => {
    const cluster = await bench.shipped();
    const system = await systemSide(bench, cluster, { model: "tiny" });
    const server = await unarySide(bench, cluster, system);
    const proxy = await bench.baseline("proxy", [server.target.address]);
    const baseline: Side = {
      name: "proxy",
      target: { ...system.target, address: proxy.address },
      servers: { proxy: [proxy.pid], ...server.servers },
    };
    return await compareRates(bench, { system, baseline, traffic: busy }, (one, two) => one / two);
  },
};
