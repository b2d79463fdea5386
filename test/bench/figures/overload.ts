/**
 * Goodput at twice the capacity over the peak. Capacity is what a closed loop reaches; then calls
 * arrive twice as fast, whatever becomes of them, each with a deadline. What is refused must be
 * refused cheaply, and what is taken must be answered in time.
 */
import type { BenchCluster } from "../bench-cluster.ts";
import { busy, ceilingOf, rate, rateOf } from "../compare.ts";
import type { Figure, Measured } from "../figure.ts";
import { type Measurement, requireClean } from "../load/load.ts";
import type { LoadTarget } from "../load/plan.ts";
import type { BenchModelName } from "../models.ts";
import { median } from "../statistics.ts";
import type { Workbench } from "../workbench.ts";

const overloadFactor = 2;
const deadlineMs = 500;
/** More than was ever reached before is no share of a peak. */
const plausibleMax = 1.2;
/** What may come of a call besides an answer: refused, or not in time. */
const refusals: readonly string[] = ["4", "8", "14"];

export const overloadGoodput: Figure = {
  name: "overload_goodput",
  unit: "ratio",
  better: "higher",
  goal: 0.9,
  about: "big model, runs of more than 2 ms: goodput at twice its capacity over the peak",
  measure: async (bench) => {
    await using cluster = await bench.ownCluster({ models: ["big"] });
    return await goodput(bench, cluster, "big");
  },
};

export const overloadGoodputGateway: Figure = {
  name: "overload_goodput_gateway",
  unit: "ratio",
  better: "higher",
  goal: 0.7,
  about: "tiny model, which the gateway limits: the same",
  measure: async (bench) => await goodput(bench, await bench.shipped(), "tiny"),
};

async function goodput(
  bench: Workbench,
  cluster: BenchCluster,
  model: BenchModelName,
): Promise<Measured> {
  const call = await bench.call(cluster, model);
  const target = { ...call, address: cluster.grpc, deadlineMs };
  let peak = await closedPeak(bench, target);
  const overloads: Measurement[] = [];
  const peaks: number[] = [];
  for (let pair = 0; pair < bench.effort.pairs; pair += 1) {
    bench.progress(`${model} at twice its capacity, pair ${pair + 1}`);
    // Whatever it managed at any time it can: a peak that was measured too low flatters nothing.
    peak = Math.max(peak, await closedPeak(bench, target));
    overloads.push(await overloaded(bench, target, { peak, seed: pair + 1 }));
    peaks.push(peak);
    peak = Math.max(peak, rateOf(overloads.slice(-1)));
  }
  const ceiling = await ceilingOf(bench, { ...busy, target });
  const values = overloads.map(({ perSecond }, index) => perSecond / (peaks[index] ?? 0));
  return {
    kind: "measured",
    values,
    note: `peak ${rate(peak)}; goodput ${rate(rateOf(overloads))}: ${describeEnds(overloads)}`,
    doubt: doubtOf(overloads, { values, ceiling, peak }),
  };
}

/** Calls a second in a closed loop. */
async function closedPeak(bench: Workbench, target: LoadTarget): Promise<number> {
  const { warmupMs, measureMs } = bench;
  const targets = [{ ...target, deadlineMs: 0 }];
  const load = await bench.load();
  return requireClean(await load.run({ ...busy, targets, warmupMs, measureMs }), "peak").perSecond;
}

async function overloaded(
  bench: Workbench,
  target: LoadTarget,
  { peak, seed }: { readonly peak: number; readonly seed: number },
): Promise<Measurement> {
  const { warmupMs, measureMs } = bench;
  const pace = { kind: "open", perSecond: peak * overloadFactor, seed } as const;
  const load = await bench.load();
  return await load.run({ ...busy, pace, targets: [target], warmupMs, measureMs });
}

function doubtOf(
  overloads: readonly Measurement[],
  { values, ceiling, peak }: { values: readonly number[]; ceiling: number; peak: number },
): string | undefined {
  if (ceiling < overloadFactor * peak) {
    return `client-bound: the generator reaches ${rate(ceiling)}`;
  }
  if (median(values) > plausibleMax) return "not overloaded: the peak was measured too low";
  const statuses = overloads.flatMap(({ failed }) => Object.keys(failed));
  const strange = new Set(statuses.filter((status) => !refusals.includes(status)));
  return strange.size > 0 ? `calls ended with status ${[...strange].join(", ")}` : undefined;
}

function describeEnds(runs: readonly Measurement[]): string {
  const totals: Record<string, number> = {};
  for (const { ok, failed, unanswered } of runs) {
    totals["ok"] = (totals["ok"] ?? 0) + ok;
    for (const [status, count] of Object.entries(failed)) {
      totals[`status ${status}`] = (totals[`status ${status}`] ?? 0) + count;
    }
    if (unanswered > 0) totals["unanswered"] = (totals["unanswered"] ?? 0) + unanswered;
  }
  return Object.entries(totals)
    .map(([name, count]) => `${count} ${name}`)
    .join(", ");
}
