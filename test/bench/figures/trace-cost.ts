/**
 * Throughput with traces over throughput without any, both without events, whose cost is a figure
 * of its own. It counts only if the spans arrived: three for each request that was recorded.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { BenchChild } from "../child.ts";
import { describe, runPairs } from "../compare.ts";
import type { Figure, Measured } from "../figure.ts";
import { systemSide } from "../sides.ts";
import type { Workbench } from "../workbench.ts";
import { full } from "./events-cost.ts";

const spansPerRequest = 3;
const arrivedShareMin = 0.999;
/** Exporters send what they hold every second or so. */
const settleMs = 2_500;

export const traceCost1pct: Figure = {
  name: "trace_cost_1pct",
  unit: "share",
  better: "lower",
  goal: 0.03,
  about: "mid model: throughput lost to traces of 1 % of requests and of slow and failed ones",
  measure: async (bench) => await measureCost(bench, "0.01"),
};

export const traceCostFull: Figure = {
  name: "trace_cost_full",
  unit: "share",
  better: "lower",
  goal: 0.1,
  about: "mid model: throughput lost to traces of every request",
  measure: async (bench) => await measureCost(bench, "1"),
};

async function measureCost(bench: Workbench, share: string): Promise<Measured> {
  const sink = await bench.baseline("otlp-sink");
  const traced = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${sink.address}`,
    OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
    OTEL_TRACES_SAMPLER_ARG: share,
  };
  const untraced = { OTEL_TRACES_SAMPLER: "always_off", SLUICE_TRACE_KEEPS_PER_SECOND: "0" };
  const only = { models: ["mid"], monitor: false } as const;
  await using one = await bench.ownCluster({ ...only, env: traced });
  await using other = await bench.ownCluster({ ...only, env: untraced });
  const system = await systemSide(bench, one, { model: "mid", name: "with traces" });
  const baseline = await systemSide(bench, other, { model: "mid", name: "without" });
  await spansAt(sink);
  let answered = 0;
  const onAnswered = (more: number) => {
    answered += more;
  };
  const pairs = await runPairs(bench, { system, baseline, traffic: full, onAnswered });
  const spans = await spansAt(sink);
  const expected = answered * spansPerRequest * Number(share);
  const isFull = share === "1";
  const arrived = spans / expected;
  const shown = `${(arrived * 100).toFixed(2)} % of ${expected.toFixed(0)} spans expected arrived`;
  const systems = pairs.map((pair) => pair.system);
  const baselines = pairs.map((pair) => pair.baseline);
  // A sample of one in a hundred has as many as chance will have it.
  const sound = isFull ? arrived >= arrivedShareMin : arrived > 1 - chance(expected);
  return {
    kind: "measured",
    values: pairs.map((pair) => 1 - pair.system.perSecond / pair.baseline.perSecond),
    note: `${shown}; ${describe("with", systems)}; ${describe("without", baselines)}`,
    doubt: sound ? undefined : "spans are missing",
  };
}

/** Four standard deviations of how many requests are drawn, as a share. */
function chance(spans: number): number {
  return 4 / Math.sqrt(Math.max(1, spans / spansPerRequest));
}

/** Spans of requests that have arrived since it was asked last; those of batches come on top. */
async function spansAt(sink: BenchChild): Promise<number> {
  await delay(settleMs);
  const { counts } = await sink.ask("count");
  return Object.entries(counts as Readonly<Record<string, number>>)
    .filter(([name]) => !name.startsWith("batch "))
    .reduce((sum, [, count]) => sum + count, 0);
}
