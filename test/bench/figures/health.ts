import { type Traffic, time } from "../compare.ts";
import type { Figure } from "../figure.ts";
import { requireClean } from "../load/load.ts";
import type { LoadTarget } from "../load/plan.ts";
import { median } from "../statistics.ts";
import { full } from "./events-cost.ts";

/** Of what the model can take at most. */
const loadShare = 0.7;
const probes: Traffic = { pace: { kind: "open", perSecond: 200, seed: 7 }, connections: 1 };
const health = {
  path: "/grpc.health.v1.Health/Check",
  message: new Uint8Array(0),
  /** SERVING. */
  expected: Uint8Array.of(8, 1),
  floats: 0,
  deadlineMs: 0,
} as const satisfies Omit<LoadTarget, "address">;

/** The p99 of each server's answers, in microseconds. */
type Seen = { readonly gateway: number; readonly worker: number; readonly idle: number };

export const healthP99: Figure = {
  name: "health_p99_ms",
  unit: "ms",
  better: "lower",
  goal: 10,
  about: "health checks of gateway and worker while mid serves 70 % of what it can: the worse p99",
  measure: async (bench) => {
    const cluster = await bench.shipped();
    const targets = [{ ...(await bench.call(cluster, "mid")), address: cluster.grpc }];
    const { warmupMs, measureMs } = bench;
    const load = await bench.load();
    const gatewayProbe = await bench.load("gateway");
    const workerProbe = await bench.load("worker");
    const idleProbe = await bench.load("idle");
    const { address: idleAddress } = await bench.baseline("responder", [health.expected.length]);
    bench.progress("what mid can take");
    const peak = requireClean(await load.run({ ...full, targets, warmupMs, measureMs }), "peak");
    const perSecond = peak.perSecond * loadShare;
    const work = { ...full, targets, pace: { kind: "open", perSecond, seed: 3 } } as const;
    const probe = (address: string, expected: Uint8Array = health.expected) => ({
      ...probes,
      ...{ targets: [{ ...health, address, expected }], warmupMs: 2 * warmupMs, measureMs },
    });
    const seen: Seen[] = [];
    for (let pair = 0; pair < bench.effort.pairs; pair += 1) {
      bench.progress(`health at 70 % load, run ${pair + 1}`);
      const [gateway, worker, nothing, background] = await Promise.all([
        gatewayProbe.run(probe(cluster.grpc)),
        workerProbe.run(probe(cluster.workerAddress("mid"))),
        idleProbe.run(probe(idleAddress, new Uint8Array(health.expected.length))),
        load.run({ ...work, warmupMs, measureMs: measureMs + warmupMs }),
      ]);
      requireClean(background, "mid at 70 %");
      seen.push({
        gateway: requireClean(gateway, "gateway health").latencies.quantileUs(0.99),
        worker: requireClean(worker, "worker health").latencies.quantileUs(0.99),
        idle: requireClean(nothing, "idle server").latencies.quantileUs(0.99),
      });
    }
    const p99 = (of: keyof Seen) => time(median(seen.map((one) => one[of])));
    return {
      kind: "measured",
      values: seen.map(({ gateway, worker }) => Math.max(gateway, worker) / 1000),
      note:
        `gateway ${p99("gateway")}, worker ${p99("worker")} at ${perSecond.toFixed(0)}/s; ` +
        `beside them a server that does nothing ${p99("idle")}`,
    };
  },
};
