import { create, toBinary } from "@bufbuild/protobuf";
import { seededDraw } from "#core/random.ts";
import { ModelInferRequestSchema } from "#gen/inference/grpc_service_pb.ts";
import { columnsOfMid } from "../baseline.ts";
import type { BenchChild } from "../child.ts";
import { rate, time } from "../compare.ts";
import type { Figure } from "../figure.ts";
import type { BulkPlan, BulkResult } from "../load/bulk.ts";
import { cpuSecondsOf } from "../processes.ts";
import { median } from "../statistics.ts";
import type { Workbench } from "../workbench.ts";

const batchSizes = [16, 64, 256];
const inputs = 32;
/** Of an item, so that it runs in parts. */
const batchesPerItem = 4;
/** Enough for one to run while others are on their way, there and back. */
const itemsInFlight = 8;
/** A generator that takes more of a core than this may be what sets the rate. */
const generatorShareMax = 0.5;
const eventValuesPerSecond = 100_000;

export const bulkVsRaw: Figure = {
  name: "bulk_vs_raw",
  unit: "ratio",
  better: "higher",
  goal: 0.8,
  about: "mid model: rows through PredictBulk over session.run at its best batch size",
  measure: async (bench) => {
    const raw = await bench.baseline("raw-session", [(await bench.shipped()).onnxOf("mid")]);
    const best = await bestBatch(bench, raw);
    const settings = `batching: { rowsMax: ${best} }\n`;
    await using cluster = await bench.ownCluster({
      models: { mid: { model: "mid", replicas: 1, settings } },
    });
    const plan = await planOf(bench, raw, { address: cluster.grpc, rows: best * batchesPerItem });
    const load = await bench.load();
    const run = async () => {
      const before = Object.entries(cluster.servers).map(([, pids]) => cpuSecondsOf(pids));
      const result = await load.runBulk(plan);
      const ranRows = (result.rowsPerSecond * (plan.warmupMs + plan.measureMs)) / 1000;
      const cpuUs = Object.entries(cluster.servers).map(([name, pids], at) => {
        const us = ((cpuSecondsOf(pids) - (before[at] ?? 0)) * 1e6) / ranRows;
        return `${name} ${time(us)}`;
      });
      return { ...result, cpuUs: cpuUs.join(", ") };
    };
    bench.progress("a bulk stream, to warm it up");
    await run();
    const pairs: BulkPair[] = [];
    for (let pair = 0; pair < bench.effort.pairs; pair += 1) {
      bench.progress(`a bulk stream against session.run, pair ${pair + 1}`);
      const first = pair % 2 === 0 ? undefined : await rawRate(bench, raw, best);
      const bulk = await run();
      pairs.push({ bulk, raw: first ?? (await rawRate(bench, raw, best)) });
    }
    const before = cpuSecondsOf([raw.pid]);
    const rawRows = (await rawRate(bench, raw, best)) * bench.effort.seconds;
    const rawUs = ((cpuSecondsOf([raw.pid]) - before) * 1e6) / rawRows;
    return toMeasured(pairs, { best, rows: plan.rows, rawUs });
  },
};

type BulkPair = { readonly bulk: BulkResult & { readonly cpuUs: string }; readonly raw: number };

function toMeasured(
  pairs: readonly BulkPair[],
  { best, rows, rawUs }: { readonly best: number; readonly rows: number; readonly rawUs: number },
) {
  const bulkRate = median(pairs.map(({ bulk }) => bulk.rowsPerSecond));
  const rawRows = median(pairs.map((pair) => pair.raw));
  const share = median(pairs.map(({ bulk }) => bulk.cpuShare));
  const values = bulkRate * columnsOfMid.length;
  const events = Math.min(1, eventValuesPerSecond / values);
  const bulk = `PredictBulk ${rate(bulkRate)} rows in items of ${rows}`;
  const cpu = `CPU a row: ${pairs[0]?.bulk.cpuUs ?? ""}`;
  const session = `session.run ${rate(rawRows)} rows, ${best} a run (CPU a row ${time(rawUs)})`;
  const generator = `generator at ${Math.round(share * 100)} % of a core`;
  const sampled = `events of ${Math.round(events * 100)} % of the rows, ${generator}`;
  return {
    kind: "measured" as const,
    values: pairs.map((pair) => pair.bulk.rowsPerSecond / pair.raw),
    note: `${bulk} (${cpu}); ${session}; ${sampled}`,
    doubt:
      share > generatorShareMax
        ? `client-bound: the generator takes ${Math.round(share * 100)} % of a core`
        : undefined,
  };
}

async function bestBatch(bench: Workbench, raw: BenchChild): Promise<number> {
  let best = { rowsPerSecond: 0, rows: 0 };
  for (const rows of batchSizes) {
    bench.progress(`session.run with ${rows} rows`);
    const rowsPerSecond = await rawRate(bench, raw, rows);
    if (rowsPerSecond > best.rowsPerSecond) best = { rowsPerSecond, rows };
  }
  return best.rows;
}

async function rawRate(bench: Workbench, raw: BenchChild, rows: number): Promise<number> {
  const { seconds } = bench.effort;
  const data = new Float32Array(rows * inputs).fill(0.5);
  const reply = await raw.ask({ kind: "rate", shape: [rows, inputs], data, seconds });
  return Number(reply["rowsPerSecond"]);
}

async function planOf(
  bench: Workbench,
  raw: BenchChild,
  { address, rows }: { readonly address: string; readonly rows: number },
): Promise<BulkPlan> {
  const draw = seededDraw(1);
  const data = Float32Array.from({ length: rows * inputs }, () => draw() * 2 - 1);
  const reply = await raw.ask({ kind: "run", shape: [rows, inputs], data, seconds: 0 });
  const request = create(ModelInferRequestSchema, {
    inputs: [{ name: "x", datatype: "FP32", shape: [BigInt(rows), BigInt(inputs)] }],
    rawInputContents: [new Uint8Array(data.buffer)],
  });
  return {
    ...{ address, model: "mid", rows, inFlight: itemsInFlight },
    request: toBinary(ModelInferRequestSchema, request),
    expected: reply["data"] as Float32Array,
    warmupMs: bench.warmupMs,
    measureMs: bench.measureMs,
  };
}
