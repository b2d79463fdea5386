import { busy, compareRates, type Side } from "../compare.ts";
import type { Figure } from "../figure.ts";
import { echoSide, systemSide } from "../sides.ts";

const models = ["tiny-a", "tiny-b", "tiny-c", "tiny-d"] as const;

export const unaryVsEcho4x4: Figure = {
  name: "unary_vs_echo_4x4",
  unit: "ratio",
  better: "higher",
  goal: 0.6,
  about: "the same as unary_vs_echo with 4 models of 4 replicas each",
  measure: async (bench) => {
    const replicated = models.map((name) => [name, { model: "tiny", replicas: 4 }] as const);
    await using cluster = await bench.ownCluster({ models: Object.fromEntries(replicated) });
    const sides: Side[] = [];
    for (const as of models) sides.push(await systemSide(bench, cluster, { model: "tiny", as }));
    const [first, ...rest] = sides;
    if (first === undefined) throw new Error("there are no models");
    const system = { ...first, others: rest.map(({ target }) => target) };
    const baseline = await echoSide(bench, first);
    return await compareRates(bench, { system, baseline, traffic: busy }, (one, two) => one / two);
  },
};
