import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededDraw } from "#core/random.ts";
import {
  ListHistoryRequestSchema,
  MonitorService,
  VerdictSchema,
  type Window,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { sleep } from "#platform/clock.ts";
import { RpcClient } from "#platform/rpc/client.ts";
import { parseBaseline } from "#wire/baseline.ts";
import { enumName } from "../../cli/plain-message.ts";
import { startTestCluster, type TestCluster } from "../support/cluster.ts";
import { embeddingModel, reviewModel } from "../support/reduced-models.ts";
import { sluice } from "../support/sluice.ts";
import { type TempDir, tempDir } from "../support/temp.ts";
import { makeTexts } from "../support/texts.ts";

const windowMs = 2000;
/** In none of the generated languages. */
const marker = "Zzyxquolm";

const reviews = `
features: [{ name: review, input: review, type: text }]
monitoring: { windowMs: ${windowMs} }
`;
const vectors = `
outputs: [{ name: vector, output: vector, role: embedding }]
monitoring: { windowMs: ${windowMs}, reducers: { vector: [norm, sd] } }
`;

describe("texts and embeddings", { timeout: 120_000 }, () => {
  const opened = new AsyncDisposableStack();
  let folder: TempDir;
  let cluster: TestCluster;
  let monitor: RpcClient;
  let models: string;

  beforeAll(async () => {
    folder = opened.use(await tempDir());
    models = join(folder.path, "models");
    await put("models/reviews/model.yaml", reviews);
    await put("models/reviews/1/model.onnx", reviewModel());
    await put("models/vectors/model.yaml", vectors);
    await put("models/vectors/1/model.onnx", embeddingModel());
    const train = makeTexts("one", 3000, 1).map((review) => ({ review, "v1.score": 0 }));
    await put("train.jsonl", toLines(train));
    const env = { SLUICE_MONITOR_GRACE_MS: "1000" };
    expect(await run("baseline", "reviews", "--from", join(folder.path, "train.jsonl"))).toEqual({
      ...{ code: 0, errors: "" },
      output: expect.stringContaining("3000 rows, 2 features, 1 output"),
    });
    // What the model answers, as bulk writes it.
    await put("rows.jsonl", toLines(numbers(2000, 1, 1)));
    await using first = await startTestCluster({ modelsDir: models, nats: false });
    const answers = join(folder.path, "answers.csv");
    await bulk(first, "vectors", "rows.jsonl", answers);
    const titled = (await readFile(answers, "utf8")).replaceAll("vector.", "v1.vector.");
    await put("answers.csv", titled);
    expect((await run("baseline", "vectors", "--from", answers)).code).toBe(0);
    await first[Symbol.asyncDispose]();
    cluster = opened.use(await startTestCluster({ modelsDir: models, env }));
    monitor = opened.use(new RpcClient(cluster.addresses.monitor?.["grpc"] ?? ""));
  });

  afterAll(async () => {
    await opened.disposeAsync();
  });

  it("fit their baselines", async () => {
    for (const model of ["reviews", "vectors"]) {
      const checked = await sluice(["check", model, "--models", models], { env: environment() });
      expect(checked.output, model).toMatch(/baseline +.*fits/);
    }
    const made = parseBaseline(await readFile(join(models, "vectors/1/baseline.json"), "utf8"));
    expect(made.outputs.map(({ name }) => name)).toEqual(["vector.norm", "vector.sd"]);
    const words = await readFile(join(models, "reviews/1/vocabulary.txt"), "utf8");
    expect(words).toMatch(/^# sluice vocabulary 1\n# "review"\nka\n/);
  });

  it("take a text by name", async () => {
    const asked = await sluice(["predict", "reviews", "review=good"], { env: environment() });
    expect(asked.output).toMatch(/score +1/);
  });

  it("alarm on another language and not on the same", async () => {
    const same = makeTexts("one", 1500, 2).map(toReview);
    await put("same.jsonl", toLines(same));
    await bulk(cluster, "reviews", "same.jsonl");
    const before = await closedWindow("reviews", 0n);
    expect(verdictsOf(before)).toEqual({ "review.length": "ok", "review.unknown": "ok" });
    const other = makeTexts("other", 1500, 3).map(toReview);
    await put("other.jsonl", toLines(other));
    await bulk(cluster, "reviews", "other.jsonl");
    const after = await closedWindow("reviews", before.endMs);
    expect(verdictsOf(after)["review.unknown"]).toBe("alarm");
    const shown = await sluice(["drift", "reviews"], { env: environment() });
    expect(shown.output).toMatch(/review.unknown +alarm/);
  });

  it("put no word of a text on the stream, into a file or a log", async () => {
    const files = await readdir(cluster.dataDir, { recursive: true, withFileTypes: true });
    const told = [];
    for (const file of files.filter((each) => each.isFile())) {
      const path = join(file.parentPath, file.name);
      const content = await readFile(path);
      if (content.includes(marker) || content.includes(marker.toLowerCase())) told.push(path);
    }
    expect(files.some(({ name }) => name.endsWith(".blk"))).toBe(true);
    expect(told).toEqual([]);
  });

  it("alarm on the norm of an embedding", async () => {
    await put("alike.jsonl", toLines(numbers(1500, 1, 2)));
    await bulk(cluster, "vectors", "alike.jsonl");
    const before = await closedWindow("vectors", 0n);
    expect(verdictsOf(before)).toMatchObject({ "vector.norm": "ok", "vector.sd": "ok" });
    await put("larger.jsonl", toLines(numbers(1500, 2, 3)));
    await bulk(cluster, "vectors", "larger.jsonl");
    const after = await closedWindow("vectors", before.endMs);
    expect(verdictsOf(after)).toMatchObject({ "vector.norm": "alarm", "vector.sd": "alarm" });
  });

  async function put(path: string, content: string | Uint8Array): Promise<void> {
    const file = join(folder.path, path);
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, content);
  }

  function run(...args: string[]) {
    return sluice([...args, "--models", models]);
  }

  async function bulk(of: TestCluster, model: string, file: string, out = "-"): Promise<void> {
    const env = { SLUICE_DATA: of.dataDir };
    const { code, errors } = await sluice(["bulk", model, join(folder.path, file), "-o", out], {
      env,
    });
    expect(code, errors).toBe(0);
  }

  function environment() {
    return { SLUICE_DATA: cluster.dataDir };
  }

  /** The first that has rows enough for a verdict and began at or after `sinceMs`. */
  async function closedWindow(model: string, sinceMs: bigint): Promise<Window> {
    const deadline = AbortSignal.timeout(60_000);
    for (;;) {
      const request = create(ListHistoryRequestSchema, { model, version: 1, limit: 200 });
      const { message } = await monitor.unary(MonitorService.method.listHistory, request, {
        deadlineMs: 10_000,
      });
      const found = message.windows.findLast(
        (window) => window.rows >= 500n && window.startMs >= sinceMs,
      );
      if (found !== undefined) return found;
      if (deadline.aborted) throw new Error(`no window of ${model}: ${message.windows.length}`);
      await sleep(200);
    }
  }
});

function verdictsOf({ features, outputs }: Window): Record<string, string> {
  const watched = [...features, ...outputs].filter(({ name }) => name.includes("."));
  return Object.fromEntries(
    watched.map(({ name, verdict }) => [name, enumName(VerdictSchema, verdict)]),
  );
}

/** A few have a word that is easy to find. */
function toReview(text: string, row: number) {
  return { review: row % 100 === 0 ? `${marker} ${text}` : text };
}

function numbers(rows: number, scale: number, seed: number) {
  const draw = seededDraw(seed);
  const one = () => scale * (draw() + draw() + draw() - 1.5);
  return Array.from({ length: rows }, () => ({
    ...{ "x.0": one(), "x.1": one(), "x.2": one(), "x.3": one() },
  }));
}

function toLines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}
