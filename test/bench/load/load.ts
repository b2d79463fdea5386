import { availableParallelism } from "node:os";
import { Failure } from "#core/failure.ts";
import { BenchChild } from "../child.ts";
import { Histogram } from "../histogram.ts";
import type { BulkPlan, BulkResult } from "./bulk.ts";
import type { LoadPlan, LoadResult } from "./plan.ts";

/** What several processes measured together. */
export type Measurement = {
  /** Right replies a second. */
  readonly perSecond: number;
  readonly ok: number;
  readonly failed: Readonly<Record<number, number>>;
  readonly unanswered: number;
  readonly latencies: Histogram;
  /** All answers of the run, those of the warm-up included. */
  readonly answered: number;
  /** CPU seconds a second of the busiest load process. */
  readonly generatorCores: number;
};

/** A load process takes a core, and the servers want most of them. */
export const loadProcesses: number = Math.max(1, Math.floor(availableParallelism() / 4));

/** The processes that make requests. */
export class Load implements AsyncDisposable {
  readonly #children: readonly BenchChild[];

  private constructor(children: readonly BenchChild[]) {
    this.#children = children;
  }

  static async start(processes: number = loadProcesses): Promise<Load> {
    const starting = Array.from({ length: processes }, () => BenchChild.start("load/main.ts"));
    return new Load(await Promise.all(starting));
  }

  /** Runs a plan, its calls and connections shared out among the processes. */
  async run(plan: LoadPlan): Promise<Measurement> {
    const parts = share(plan, this.#children.length);
    const results = await Promise.all(
      parts.map(async (part, index) => {
        const reply = await this.#children[index]?.ask(part);
        return reply?.["result"] as LoadResult;
      }),
    );
    return join(results, plan);
  }

  /** Runs a bulk stream, from one process. */
  async runBulk(plan: BulkPlan): Promise<BulkResult> {
    const reply = await this.#children[0]?.ask(plan);
    return reply?.["result"] as BulkResult;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map((child) => child[Symbol.asyncDispose]()));
  }
}

/** For each process its part; small plans are not for all of them. */
function share(plan: LoadPlan, processes: number): LoadPlan[] {
  const { pace, connections } = plan;
  const all = pace.kind === "closed" ? Math.min(pace.inFlight, connections) : connections;
  const count = Math.max(1, Math.min(processes, all));
  return Array.from({ length: count }, (_, index) => ({
    ...plan,
    connections: Math.ceil((connections - index) / count),
    pace:
      pace.kind === "closed"
        ? { ...pace, inFlight: Math.ceil((pace.inFlight - index) / count) }
        : { ...pace, perSecond: pace.perSecond / count, seed: pace.seed + index },
  }));
}

function join(results: readonly LoadResult[], { targets }: LoadPlan): Measurement {
  const latencies = new Histogram();
  const failed: Record<number, number> = {};
  for (const result of results) {
    latencies.add(new Histogram(result.latencies));
    for (const [status, count] of Object.entries(result.failed)) {
      failed[Number(status)] = (failed[Number(status)] ?? 0) + count;
    }
  }
  const sum = (of: (result: LoadResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const wrong = sum((result) => result.wrong);
  if (wrong > 0) {
    const [{ address = "", path = "" } = {}] = targets;
    const message = `${wrong} replies of ${address} ${path} were not those expected`;
    throw new Failure("internal", message);
  }
  return {
    perSecond: sum(({ ok, seconds }) => ok / seconds),
    ok: sum(({ ok }) => ok),
    failed,
    unanswered: sum(({ unanswered }) => unanswered),
    latencies,
    answered: sum(({ answered }) => answered),
    generatorCores: Math.max(
      ...results.map(({ cpuSeconds, ranSeconds }) => cpuSeconds / ranSeconds),
    ),
  };
}

/** Throws a Failure unless every call was answered well, which most figures depend on. */
export function requireClean(measured: Measurement, what: string): Measurement {
  const failed = Object.entries(measured.failed).map(([status, count]) => `${count} × ${status}`);
  if (measured.unanswered > 0) failed.push(`${measured.unanswered} unanswered`);
  if (measured.ok === 0) failed.push("no reply at all");
  if (failed.length === 0) return measured;
  const message = `${what}: calls that failed, by gRPC status: ${failed.join(", ")}`;
  throw new Failure("internal", message);
}
