import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PredictRequestSchema, PredictService } from "#gen/sluice/predict/v1/predict_pb.ts";
import { RpcClient } from "#platform/rpc/client.ts";
import { samplesDir, startTestCluster, type TestCluster } from "../support/cluster.ts";
import { eventually } from "../support/monitor.ts";
import { sluice } from "../support/sluice.ts";
import { tempDir } from "../support/temp.ts";

const opened = new AsyncDisposableStack();
const rows = 200;
let cluster: TestCluster;
let folder: string;

beforeAll(async () => {
  folder = opened.use(await tempDir()).path;
  cluster = opened.use(await startTestCluster());
}, 120_000);

afterAll(async () => await opened.disposeAsync());

async function run(...args: string[]) {
  return await sluice(args, { env: { SLUICE_DATA: cluster.dataDir } });
}

/** Predicts the first examples of a model in one request; what came of them, and its id. */
async function predictExamples(model: string) {
  const text = await readFile(join(samplesDir, model, "examples.csv"), "utf8");
  const records: Record<string, string>[] = parse(text, { columns: true, to: rows });
  const input = records.map((record) =>
    Object.fromEntries(
      Object.entries(record)
        .filter(([name]) => !/^(split|actual|v\d+\..*)$/.test(name))
        .map(([name, value]) => [name, Number.isNaN(Number(value)) ? value : Number(value)]),
    ),
  );
  const path = join(folder, `${model}.json`);
  await writeFile(path, JSON.stringify(input));
  const { output, errors } = await run("predict", model, "--input", path, "--json");
  expect(errors).toBe("");
  const { predictionId, rows: predicted } = JSON.parse(output);
  return { predictionId, predicted, actual: records.map((record) => record["actual"] ?? "") };
}

async function writeLabels(model: string, predictionId: string, labels: readonly string[]) {
  const path = join(folder, `${model}.csv`);
  const lines = labels.map((label, row) => `${predictionId},${row},${label}`);
  await writeFile(path, ["prediction_id,row,label", ...lines, ""].join("\n"));
  return path;
}

/** What the monitor makes of the labels, once it has them all. */
async function performanceOf(model: string, matched: number) {
  return await eventually(async () => {
    const { reports } = JSON.parse((await run("drift", model, "--json")).output);
    const { performance } = reports[0];
    return performance.labels.matched === matched ? performance : undefined;
  });
}

function metricOf(
  performance: { total: { metrics: { id: string; value: number }[] } },
  id: string,
) {
  return performance.total.metrics.find((metric) => metric.id === id)?.value;
}

it("tells how good a classifier was when its labels come from a file", async () => {
  const { predictionId, predicted, actual } = await predictExamples("credit");
  const path = await writeLabels("credit", predictionId, [...actual, ""]);
  const sent = await run("feedback", "credit", path);
  expect([sent.code, sent.output]).toEqual([4, `credit  ${rows} labels stored, 1 refused\n`]);
  expect(sent.errors).toBe(`row ${rows + 1}: it has no label\n`);
  const performance = await performanceOf("credit", rows);
  const hits = actual.filter((label, row) => label === predicted[row].label).length;
  expect(performance).toMatchObject({ task: "classification", classes: ["approved", "denied"] });
  expect(performance.total).toMatchObject({ rows, labelled: rows, coverage: 1 });
  expect(metricOf(performance, "accuracy")).toBeCloseTo(hits / rows, 12);
  const losses = actual.map((label, row) => -Math.log(predicted[row][`probabilities.${label}`]));
  const logLoss = losses.reduce((sum, loss) => sum + loss, 0) / rows;
  expect(metricOf(performance, "log_loss")).toBeCloseTo(logLoss, 5);
  const [accuracy] = performance.total.metrics;
  expect(accuracy.estimate.low).toBeLessThan(hits / rows);
  expect(accuracy.estimate.high).toBeGreaterThan(hits / rows);

  const other = predicted[0].label === actual[0] ? "neither" : actual[0];
  const one = await run("feedback", "credit", "--id", predictionId, "--label", other ?? "");
  expect([one.code, one.output]).toEqual([0, "credit  1 label stored\n"]);
  const isTold = async () => {
    const { output } = await run("drift", "credit");
    return output.includes("1 replaced") ? output : undefined;
  };
  expect(await eventually(isTold)).toMatch(/performance {2}classification of label, denied is/);
}, 120_000);

it("tells how far off a regression was", async () => {
  const { predictionId, predicted, actual } = await predictExamples("diabetes");
  const path = await writeLabels("diabetes", predictionId, actual);
  const { code, output } = await run("feedback", "diabetes", path, "--json");
  expect([code, JSON.parse(output)]).toEqual([
    0,
    { model: "diabetes", stored: rows, refused: 0, problems: [] },
  ]);
  const performance = await performanceOf("diabetes", rows);
  const errors = actual.map((label, row) => Math.abs(predicted[row].progression - Number(label)));
  const mae = errors.reduce((sum, error) => sum + error, 0) / rows;
  expect(performance).toMatchObject({ task: "regression", target: "progression" });
  expect(metricOf(performance, "mae")).toBeCloseTo(mae, 4);
}, 120_000);

it("counts a label by the token that came with its prediction", async () => {
  const text = await readFile(join(samplesDir, "wine", "examples.csv"), "utf8");
  const [example = {}]: Record<string, string>[] = parse(text, { columns: true, to: 1 });
  const features = Object.entries(example).filter(
    ([name]) => !/^(split|actual|v1\..*)$/.test(name),
  );
  const columns = features.map(([name, value]) => ({
    ...{ name, values: { case: "numbers" as const, value: { values: [Number(value)] } } },
  }));
  using gateway = new RpcClient(cluster.grpc);
  const request = create(PredictRequestSchema, { model: "wine", columns });
  const { predict } = PredictService.method;
  const metadata = { "sluice-prediction-token": "1" };
  const { message } = await gateway.unary(predict, request, { deadlineMs: 10_000, metadata });
  const token = Buffer.from(message.predictionToken).toString("base64");
  const path = join(folder, "tokens.jsonl");
  await writeFile(path, JSON.stringify({ prediction_token: token, label: example["actual"] }));
  const { output, code } = await run("feedback", "wine", path);
  expect([code, output]).toEqual([0, "wine  1 label stored\n"]);
  const performance = await performanceOf("wine", 1);
  expect(performance.total).toMatchObject({ rows: 1, labelled: 1 });
  expect(metricOf(performance, "accuracy")).toBe(1);
}, 60_000);

it("does not take what makes no sense", async () => {
  const path = await writeLabels("wine", "x", ["class_0"]);
  expect(await run("feedback", "wine")).toMatchObject({ code: 2 });
  expect(await run("feedback", "wine", path, "--id", "x")).toMatchObject({ code: 2 });
  expect(await run("feedback", "beer", path)).toMatchObject({
    ...{ code: 1, errors: 'sluice: there is no model "beer"\n' },
  });
  expect(await run("feedback", "wine", path)).toMatchObject({
    ...{ code: 4, errors: 'row 1: "x" is no prediction id\n' },
  });
  await writeFile(path, "a,b\n1,2\n");
  const { code, errors } = await run("feedback", "wine", path);
  expect([code, errors]).toEqual([2, expect.stringContaining("has no labels: expected columns")]);
}, 60_000);
