/**
 * Figures that set one rate against another. The sides take turns, and which one is first changes
 * with every pair, so that what else the machine does meets both. A rate counts only as far as the
 * generator was not what set it: it must be able to ask a server that costs nothing one and a half
 * times as fast.
 */
import type { Measured } from "./figure.ts";
import { type Measurement, requireClean } from "./load/load.ts";
import type { LoadPace, LoadPlan, LoadTarget } from "./load/plan.ts";
import { cpuSecondsOf } from "./processes.ts";
import { median } from "./statistics.ts";
import type { Workbench } from "./workbench.ts";

export type Servers = Readonly<Record<string, readonly number[]>>;

export type Side = {
  /** What a person calls it. */
  readonly name: string;
  readonly target: LoadTarget;
  /** Targets that have an equal share of the calls. */
  readonly others?: readonly LoadTarget[];
  /** Its processes, whose CPU time is told. */
  readonly servers: Servers;
};

export type Traffic = { readonly pace: LoadPace; readonly connections: number };

/** As many calls as a handful of busy callers have under way. */
export const busy: Traffic = { pace: { kind: "closed", inFlight: 128 }, connections: 8 };

/** One run of a side: what was measured, and what it cost its servers. */
export type SideRun = Measurement & {
  /** Microseconds of CPU for each answered call. */
  readonly cpuUs: Readonly<Record<string, number>>;
};

export type Pair = { readonly system: SideRun; readonly baseline: SideRun };

export type Comparison = {
  readonly system: Side;
  readonly baseline: Side;
  readonly traffic: Traffic;
  /** Told of every answer the system gave, those of its warm-up included. */
  readonly onAnswered?: (answered: number) => void;
};

const headroom = 1.5;
/** A side is measured once its code is compiled, which takes some ten thousand calls. */
const warmUpRuns = 4;

export async function runSide(
  bench: Workbench,
  side: Side,
  traffic: Traffic,
  runs: number = 1,
): Promise<SideRun> {
  const { warmupMs } = bench;
  const measureMs = runs * bench.measureMs;
  const load = await bench.load();
  const targets = [side.target, ...(side.others ?? [])];
  const before = Object.entries(side.servers).map(([, pids]) => cpuSecondsOf(pids));
  const measured = await load.run({ targets, ...traffic, warmupMs, measureMs });
  const cpuUs = Object.entries(side.servers).map(([name, pids], index) => {
    const seconds = cpuSecondsOf(pids) - (before[index] ?? 0);
    return [name, (seconds * 1e6) / Math.max(1, measured.answered)] as const;
  });
  return { ...measured, cpuUs: Object.fromEntries(cpuUs) };
}

export async function runPairs(bench: Workbench, comparison: Comparison): Promise<Pair[]> {
  const { system, baseline, traffic } = comparison;
  const pairs: Pair[] = [];
  const runSystem = async (runs?: number) => {
    const run = clean(await runSide(bench, system, traffic, runs), system);
    comparison.onAnswered?.(run.answered);
    return run;
  };
  const runBaseline = async (runs?: number) =>
    clean(await runSide(bench, baseline, traffic, runs), baseline);
  bench.progress(`${system.name} and ${baseline.name}, to warm them up`);
  await runSystem(warmUpRuns);
  await runBaseline(warmUpRuns);
  for (let pair = 0; pair < bench.effort.pairs; pair += 1) {
    bench.progress(`${system.name} against ${baseline.name}, pair ${pair + 1}`);
    if (pair % 2 === 0) {
      const first = await runSystem();
      pairs.push({ system: first, baseline: await runBaseline() });
    } else {
      const first = await runBaseline();
      pairs.push({ system: await runSystem(), baseline: first });
    }
  }
  return pairs;
}

/** What `value` makes of each pair's rates, with both sides in the note. */
export async function compareRates(
  bench: Workbench,
  comparison: Comparison,
  value: (system: number, baseline: number) => number,
): Promise<Measured & { readonly kind: "measured" }> {
  const pairs = await runPairs(bench, comparison);
  const systems = pairs.map(({ system }) => system);
  const baselines = pairs.map(({ baseline }) => baseline);
  const { system, baseline, traffic } = comparison;
  const fastest = Math.max(rateOf(systems), rateOf(baselines));
  const ceiling = await ceilingOf(bench, { ...traffic, target: system.target });
  const both = `${describe(system.name, systems)}; ${describe(baseline.name, baselines)}`;
  return {
    kind: "measured",
    values: pairs.map((pair) => value(pair.system.perSecond, pair.baseline.perSecond)),
    note: `${both}; generator up to ${rate(ceiling)}, here ${usedBy(systems)} of a core`,
    doubt: doubtOf(ceiling, fastest),
  };
}

/** Undefined where the generator has headroom. */
export function doubtOf(ceiling: number, fastest: number): string | undefined {
  if (ceiling >= headroom * fastest) return undefined;
  return `client-bound: the generator reaches ${rate(ceiling)} where nothing is done`;
}

/** Calls a second that the generator can make of this size and in this manner. */
export async function ceilingOf(
  bench: Workbench,
  plan: Traffic & { readonly target: LoadTarget },
): Promise<number> {
  const { target, pace, connections } = plan;
  const replyBytes = target.expected.byteLength;
  const key = `ceiling ${target.message.byteLength} ${replyBytes} ${JSON.stringify(pace)}`;
  return await bench.once(key, async () => {
    const responder = await bench.baseline("responder", [replyBytes]);
    const expected = new Uint8Array(replyBytes);
    const { warmupMs, measureMs } = bench;
    const own: LoadPlan = {
      ...{ pace, connections, warmupMs, measureMs },
      targets: [{ ...target, address: responder.address, expected, floats: 0 }],
    };
    const load = await bench.load();
    return requireClean(await load.run(own), "the cheapest server").perSecond;
  });
}

/** `gateway 34.1 k/s (p50 3.5 ms, p99 6.1 ms; CPU a request: gateway 21 µs, worker 18 µs)` */
export function describe(name: string, runs: readonly SideRun[]): string {
  const quantile = (share: number) =>
    time(median(runs.map(({ latencies }) => latencies.quantileUs(share))));
  const servers = Object.keys(runs[0]?.cpuUs ?? {});
  const cpu = servers
    .map((server) => [server, median(runs.map(({ cpuUs }) => cpuUs[server] ?? 0))] as const)
    .filter(([, us]) => us > 0)
    .map(([server, us]) => `${server} ${time(us)}`);
  const cost = cpu.length === 0 ? "" : `; CPU a request: ${cpu.join(", ")}`;
  return `${name} ${rate(rateOf(runs))} (p50 ${quantile(0.5)}, p99 ${quantile(0.99)}${cost})`;
}

/** How much of a core the busiest load process took. */
function usedBy(runs: readonly Measurement[]): string {
  return `${Math.round(median(runs.map(({ generatorCores }) => generatorCores)) * 100)} %`;
}

export function rateOf(runs: readonly Measurement[]): number {
  return median(runs.map(({ perSecond }) => perSecond));
}

export function rate(perSecond: number): string {
  if (perSecond >= 10_000) return `${(perSecond / 1000).toFixed(1)} k/s`;
  return `${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`;
}

export function time(us: number): string {
  return us >= 1000 ? `${(us / 1000).toFixed(1)} ms` : `${us.toFixed(0)} µs`;
}

function clean<Run extends Measurement>(run: Run, side: Side): Run {
  requireClean(run, side.name);
  return run;
}
