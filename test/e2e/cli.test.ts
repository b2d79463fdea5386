import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { samplesDir, startTestCluster, type TestCluster } from "../support/cluster.ts";
import { type SluiceOptions, type SluiceRun, sluice } from "../support/sluice.ts";
import { type TempDir, tempDir } from "../support/temp.ts";

let folder: TempDir;
let cluster: TestCluster;

/** The samples, with windows short enough to wait for, and a model that cannot be loaded. */
async function prepareModels(dir: string): Promise<void> {
  await cp(samplesDir, dir, { recursive: true });
  const settings = join(dir, "diabetes", "model.yaml");
  const text = await readFile(settings, "utf8");
  await writeFile(settings, `${text}\nmonitoring: { windowMs: 2000 }\n`);
  await mkdir(join(dir, "broken", "1"), { recursive: true });
  await writeFile(join(dir, "broken", "1", "model.onnx"), "no model");
}

beforeAll(async () => {
  folder = await tempDir();
  const modelsDir = join(folder.path, "models");
  await prepareModels(modelsDir);
  cluster = await startTestCluster({ modelsDir, env: { SLUICE_MONITOR_GRACE_MS: "500" } });
}, 120_000);

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

async function run(args: readonly string[], options: SluiceOptions = {}): Promise<SluiceRun> {
  return await sluice(args, { ...options, env: { SLUICE_DATA: cluster.dataDir, ...options.env } });
}

async function runJson(args: readonly string[], options: SluiceOptions = {}) {
  const { output, errors, code } = await run([...args, "--json"], options);
  expect(errors).toBe("");
  return { code, value: JSON.parse(output) };
}

describe("sluice models", () => {
  it("lists what is served and why something is not", async () => {
    const { code, output } = await run(["models"]);
    expect(code).toBe(0);
    expect(output).toMatch(/digits +2 +ready +1\/1 +up to 64 rows +64 +features FP32 \[-1,64\]/);
    expect(output).toMatch(/broken +1 +failed/);
    expect(output).toMatch(/\nbroken@1: .+/);
    const { value } = await runJson(["models", "wine"]);
    expect(value.models).toMatchObject([{ model: "wine", version: 1, state: "ready" }]);
  });

  it("lists one version, and says so where there is none", async () => {
    const { value } = await runJson(["models", "digits@2"]);
    expect(value.models).toMatchObject([{ model: "digits", version: 2 }]);
    const { code, errors } = await run(["models", "digits@3"]);
    expect([code, errors]).toEqual([1, 'sluice: model "digits" has no version 3, but 1, 2\n']);
  });
});

describe("sluice predict", () => {
  it("predicts a row of examples.csv as it is recorded", async () => {
    const { code, output } = await run(["predict", "wine", "--row", "3"]);
    expect(output).toMatch(/^wine@1 .*\nlabel +class_0\nprobabilities\n +class_0 +9\d\.\d % +█/);
    expect(output).toMatch(/recorded +ok, 4 values as/);
    expect(output).toMatch(/\nprediction +[0-9a-f-]{36}\ntrace +[0-9a-f]{32} /);
    expect(code).toBe(0);
  });

  it("takes features by name, texts and numbers alike", async () => {
    const features = ["age=41", "income=52000", "employment=permanent", "employment_years=7"];
    features.push("home=rent", "purpose=car", "amount=12000", "term_months=48");
    features.push("debt_ratio=0.2", "late_payments=0");
    const { code, value } = await runJson(["predict", "credit@1", ...features]);
    expect(code).toBe(0);
    expect(value).toMatchObject({ model: "credit", version: 1 });
    expect(value.rows[0].label).toMatch(/^(approved|denied)$/);
    const { "probabilities.approved": yes, "probabilities.denied": no } = value.rows[0];
    expect(yes + no).toBeCloseTo(1, 5);
  });

  it("takes many rows as JSON from standard input", async () => {
    const names = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"];
    const input = JSON.stringify(Object.fromEntries(names.map((name) => [name, [0, 0.05]])));
    const { value } = await runJson(["predict", "diabetes", "--input", "-"], { input });
    expect(value.rows).toHaveLength(2);
    expect(value.rows[0].progression).toBeGreaterThan(20);
  });

  it("predicts where nobody takes its trace", async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" };
    const { code, output, errors } = await run(["predict", "wine", "--row", "3"], { env });
    expect(output).toMatch(/^wine@1 /);
    expect([code, errors]).toEqual([0, ""]);
  });

  it.each([
    [["wine"], 2, /say what to predict/],
    [["wine", "colour=red"], 2, /unknown feature "colour"/],
    [["wine", "--row", "0"], 2, /rows are counted from 1/],
    [["wine", "--row", "1000"], 1, /has 178 rows, no row 1000/],
    [["wine", "alcohol=13"], 1, /malic_acid/],
    [["wine", "alcohol="], 1, /feature "alcohol".* has no value/],
    [["whine", "--row", "1"], 1, /no model "whine"\. Did you mean wine\?/],
    [["wine@7", "--row", "1"], 1, /no version 7, but 1/],
    [["broken", "--row", "1"], 1, /broken@1 is not ready: ./],
  ])("refuses %j with exit code %d", async (args, expected, message) => {
    const { code, output, errors } = await run(["predict", ...args]);
    expect(errors).toMatch(message);
    expect(errors.trim().split("\n")).toHaveLength(1);
    expect([code, output]).toEqual([expected, ""]);
  });

  it("has exit code 3 and an error as JSON where nobody answers", async () => {
    const args = ["predict", "wine", "--row", "1", "--server", "127.0.0.1:1", "--json"];
    const { code, errors } = await run(args);
    expect(code).toBe(3);
    expect(JSON.parse(errors)).toMatchObject({ error: { code: "unavailable" } });
  });
});

it.each([
  [["simulate", "wine", "--rows", "1.5"]],
  [["simulate", "wine", "--seed", "0.5"]],
  [["simulate", "wine", "--rate", "-5"]],
  [["simulate", "wine", "--shift", "ash="]],
  [["traces", "--limit", "0"]],
])("%j is bad usage", async (args) => {
  const { code, output, errors } = await run(args);
  expect(errors).toMatch(/^sluice: --.*: expected a .*\n$/);
  expect([code, output]).toEqual([2, ""]);
});

describe("sluice traces", () => {
  it("shows a prediction as one tree, from the command line to the monitor", async () => {
    const { value } = await runJson(["predict", "wine", "--row", "5"]);
    const { code, value: trace } = await runJson(["traces", value.predictionId]);
    expect(code).toBe(0);
    expect(trace.traceId).toBe(value.traceId);
    const spans: Record<string, string>[] = trace.spans;
    const ids = new Set(spans.map((span) => span["spanId"]));
    const roots = spans.filter((span) => !ids.has(span["parentSpanId"]));
    expect(roots.map((span) => span["name"])).toEqual(["sluice predict"]);
    expect(new Set(spans.map((span) => span["service"]))).toEqual(
      new Set(["sluice-cli", "sluice-gateway", "sluice-worker", "sluice-monitor"]),
    );
    const { output } = await run(["traces", value.traceId.slice(0, 12)]);
    expect(output).toMatch(/^trace [0-9a-f]{32} /);
    expect(output).toMatch(/\nsluice predict +sluice-cli +\+0 µs/);
    expect(output).toMatch(/└─ .*run wine@1 +sluice-worker/);
    const list = await run(["traces", "--model", "wine"]);
    expect(list.output).toContain(value.traceId);
  });

  it("has exit code 1 for a trace that is not there", async () => {
    const { code, errors } = await run(["traces", "00000000"]);
    expect(code).toBe(1);
    expect(errors).toMatch(/no trace 00000000/);
  });
});

describe("sluice simulate and drift", () => {
  it("find the shifted feature, and no other", async () => {
    const play = ["simulate", "diabetes", "--rate", "400", "--seconds", "8"];
    const playing = runJson([...play, "--shift", "bmi=+1sd"]);
    let drift = await run(["drift", "diabetes", "--exit-code", "--json"]);
    while (drift.code !== 5) drift = await run(["drift", "diabetes", "--exit-code", "--json"]);
    const [report] = JSON.parse(drift.output).reports;
    const alarms = report.judged.features.filter(
      ({ verdict }: { verdict: string }) => verdict === "alarm",
    );
    expect(alarms.map(({ name }: { name: string }) => name)).toEqual(["bmi"]);
    const { output } = await run(["drift", "diabetes"]);
    expect(output).toMatch(
      /^diabetes@1 +alarm .*\n((pending|firing) .*\n)* +INPUTS .*\n +bmi +alarm /,
    );
    const history = await run(["drift", "diabetes", "--history"]);
    expect(history.output).toMatch(/alarm +bmi /);
    const { code, value } = await playing;
    expect(code).toBe(0);
    expect(value).toMatchObject({ rowsSent: 3200, rowsAnswered: 3200, rowsFailed: 0 });
  });

  it("end early with a summary on Ctrl-C", async () => {
    const stop = new AbortController();
    const running = run(["simulate", "wine", "--seconds", "600"], { signal: stop.signal });
    const isPlaying = async () => {
      const { code, value } = await runJson(["drift"]);
      expect(code).toBe(0);
      return value.reports.some(
        ({ model, counters }: { model: string; counters: { rowsTotal: number } }) =>
          model === "wine" && counters.rowsTotal > 20,
      );
    };
    while (!(await isPlaying()));
    stop.abort();
    const { code, output } = await running;
    expect(code).toBe(0);
    expect(output).toMatch(/^sent +\d+ rows in .*\nanswered +\d+ rows\nlatency +p50 /);
  });

  it("show reports as they come until Ctrl-C", async () => {
    const stop = new AbortController();
    const watching = run(["drift", "diabetes", "--watch"], { signal: stop.signal });
    await run(["simulate", "diabetes", "--rate", "400", "--seconds", "5"]);
    stop.abort();
    const { code, output } = await watching;
    expect(code).toBe(0);
    expect(output.match(/^diabetes@1 /gm)?.length).toBeGreaterThan(1);
  });
});

describe("sluice check", () => {
  it("finds a sample good", async () => {
    const { code, value } = await runJson(["check", "digits@1"]);
    const outcomes = value.versions[0].findings.map((each: Record<string, string>) => [
      each["check"],
      each["outcome"],
    ]);
    expect(outcomes).toEqual([
      ["model.yaml", "ok"],
      ["loads", "ok"],
      ["batches", "ok"],
      ["baseline", "ok"],
      ["examples", "ok"],
    ]);
    expect([code, value.ok]).toEqual([0, true]);
  });

  it("tells why a model is kept out", async () => {
    const { code, output } = await run(["check", "broken"]);
    expect(code).toBe(1);
    expect(output).toMatch(/^broken@1\n +model.yaml +ok +valid\n +loads +failed +./);
  });

  it("tells that a version is not there", async () => {
    const { code, output } = await run(["check", "digits@3", "--models", samplesDir]);
    expect(code).toBe(1);
    expect(output).toContain(`there is no ${join(samplesDir, "digits", "3", "model.onnx")}`);
  });

  it("finds examples and a baseline of another model", async () => {
    await using dir = await tempDir();
    const mine = join(dir.path, "wine");
    await cp(join(samplesDir, "wine"), mine, { recursive: true });
    const examples = await readFile(join(mine, "examples.csv"), "utf8");
    await writeFile(
      join(mine, "examples.csv"),
      examples.replace(",class_0,0.9862", ",class_1,0.9862"),
    );
    const baseline = await readFile(join(mine, "1", "baseline.json"), "utf8");
    await writeFile(
      join(mine, "1", "baseline.json"),
      baseline.replace(/"digest": *"c0/, '"digest":"ff'),
    );
    const { code, output } = await run(["check", "wine", "--models", dir.path]);
    expect(code).toBe(1);
    expect(output).toMatch(/baseline +failed +it is of another model\.onnx/);
    expect(output).toMatch(/examples +failed +1 of 178 rows differ: row 1: label is class_0/);
  });
});
