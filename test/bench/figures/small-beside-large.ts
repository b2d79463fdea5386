import { type Traffic, time } from "../compare.ts";
import type { Figure } from "../figure.ts";
import { requireClean } from "../load/load.ts";
import { median } from "../statistics.ts";

const small: Traffic = { pace: { kind: "closed", inFlight: 8 }, connections: 1 };
const large: Traffic = { pace: { kind: "closed", inFlight: 1 }, connections: 1 };
const messageBytesMax = 128 * 1024 * 1024;
/** Less than one large call takes would not show anything. */
const secondsMin = 1;
const largeMsMax = 60_000;

export const smallBesideLarge: Figure = {
  name: "small_beside_large_p99_ms",
  unit: "ms",
  better: "lower",
  goal: 10,
  about: "tiny model, 8 requests at a time beside a stream of 100 MB ones: p99",
  measure: async (bench) => {
    const env = { SLUICE_MESSAGE_BYTES_MAX: String(messageBytesMax) };
    await using cluster = await bench.ownCluster({ models: ["tiny", "large"], env });
    const address = cluster.grpc;
    const calls = {
      small: { ...(await bench.call(cluster, "tiny")), address },
      large: { ...(await bench.call(cluster, "large")), address },
    };
    const [loadSmall, loadLarge] = [await bench.load(), await bench.load("large")];
    const measureMs = Math.max(secondsMin * 1000, bench.measureMs);
    const plan = { warmupMs: measureMs, measureMs };
    const largePlan = { warmupMs: 0, measureMs: 2 * measureMs, drainMs: largeMsMax };
    const smallPlan = { ...small, ...plan, targets: [calls.small] };
    const values: number[] = [];
    const alone: number[] = [];
    const larges: number[] = [];
    for (let pair = 0; pair < bench.effort.pairs; pair += 1) {
      bench.progress(`small requests beside large ones, pair ${pair + 1}`);
      const without = requireClean(await loadSmall.run(smallPlan), "small ones alone");
      alone.push(without.latencies.quantileUs(0.99));
      const [beside, others] = await Promise.all([
        loadSmall.run(smallPlan),
        loadLarge.run({ ...large, ...largePlan, targets: [calls.large] }),
      ]);
      requireClean(others, "large ones");
      values.push(requireClean(beside, "small ones").latencies.quantileUs(0.99) / 1000);
      larges.push(others.latencies.quantileUs(0.5));
    }
    const megabytes = calls.large.message.byteLength / 1e6;
    return {
      kind: "measured",
      values,
      note: `alone ${time(median(alone))}; ${megabytes.toFixed(0)} MB in ${time(median(larges))}`,
    };
  },
};
