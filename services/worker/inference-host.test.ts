import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Failure } from "#core/failure.ts";
import { type ModelSettings, settingsDefaults } from "#core/model/settings.ts";
import { keptOutModel, lookupModel, multiModel, slowModel } from "../../test/support/models.ts";
import { makeRepository } from "../../test/support/repository.ts";
import { type InferenceHost, openInferenceHost } from "./inference-host.ts";
import type { Batch } from "./thread-handle.ts";

describe("an inference host", () => {
  it("describes its model and runs it", async () => {
    await using opened = await open(multiModel());
    const { host } = opened;
    expect(host.spec.inputs.map((input) => input.name)).toEqual(["a", "b", "text"]);
    expect(host.spec.batched).toEqual({ enabled: true });
    expect(host.digest).toMatch(/^[0-9a-f]{64}$/);
    const shape = [1, 3];
    const result = await host.run({
      inputs: [
        { name: "a", dtype: "FP32", shape, data: Float32Array.of(1, 2, 3) },
        { name: "b", dtype: "FP32", shape, data: Float32Array.of(4, 5, 6) },
        { name: "text", dtype: "BYTES", shape: [1], data: ["ünï"] },
      ],
      outputs: ["product", "same"],
    });
    expect(result.outputs).toEqual([
      { name: "product", dtype: "FP32", shape, data: Float32Array.of(4, 10, 18) },
      { name: "same", dtype: "BYTES", shape: [1], data: ["ünï"] },
    ]);
    expect(result.runUs).toBeGreaterThan(0);
  });

  it("takes one batch at a time for each instance", async () => {
    await using opened = await open(slowModel(), { ...settingsDefaults, instances: 2 });
    const { host } = opened;
    expect(host.idle).toBe(2);
    const runs = [host.run(turns(200)), host.run(turns(200))];
    expect(host.idle).toBe(0);
    expect(() => host.run(turns(1))).toThrow("only while a thread is idle");
    for (const { outputs } of await Promise.all(runs)) {
      expect(outputs[0]?.data).toEqual(Float32Array.of(1, 2));
    }
    expect(host.idle).toBe(2);
  });

  it("fails the batch a model does not take, and goes on", async () => {
    await using opened = await open(lookupModel(4));
    const { host, crashes } = opened;
    const at = (index: bigint): Batch => ({
      inputs: [{ name: "x", dtype: "INT64", shape: [1], data: BigInt64Array.of(index) }],
      outputs: ["y"],
    });
    await expect(host.run(at(9n))).rejects.toMatchObject({ code: "internal" });
    expect((await host.run(at(1n))).outputs).toHaveLength(1);
    expect(crashes).toEqual([]);
  });

  it("lets a run under way end before it closes", async () => {
    const opened = await open(slowModel());
    const run = opened.host.run(turns(500));
    await opened[Symbol.asyncDispose]();
    expect((await run).outputs).toHaveLength(1);
    expect(opened.host.idle).toBe(0);
    expect(opened.crashes).toEqual([]);
  });

  it("says why a model is kept out", async () => {
    await expect(open(keptOutModel("sequence"))).rejects.toMatchObject({
      code: "failed-precondition",
      message: 'model.onnx output "y" is a sequence',
    });
  });

  it("does not start when it is told to stop", async () => {
    const signal = AbortSignal.abort();
    await expect(open(multiModel(), settingsDefaults, { signal })).rejects.toMatchObject({
      code: "cancelled",
    });
  });

  it("reports a run that does not end, and does not wait for it", async () => {
    const opened = await open(slowModel(), settingsDefaults, { runMaxMs: 50 });
    await expect(opened.host.run(turns(20_000))).rejects.toMatchObject({
      code: "unavailable",
      message: "the inference thread is in a run that takes longer than 50 ms",
    });
    expect(opened.crashes.map((failure) => failure.code)).toEqual(["unavailable"]);
    expect(opened.host.idle).toBe(0);
    await opened[Symbol.asyncDispose]();
  });
});

it.runIf(process.platform === "linux")("computes behind every other thread", async () => {
  const before = nicenesses().filter((niceness) => niceness === 10).length;
  await using _ = await open(multiModel());
  expect(nicenesses().filter((niceness) => niceness === 10).length).toBe(before + 1);
});

/** Niceness of each thread of this process: the 17th field after the name in brackets. */
function nicenesses(): number[] {
  return readdirSync("/proc/self/task").map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
  });
}

type Opened = AsyncDisposable & { readonly host: InferenceHost; readonly crashes: Failure[] };

async function open(
  model: Uint8Array,
  settings: ModelSettings = settingsDefaults,
  options: { readonly runMaxMs?: number; readonly signal?: AbortSignal } = {},
): Promise<Opened> {
  await using stack = new AsyncDisposableStack();
  const { root } = stack.use(await makeRepository({ "model.onnx": model }));
  const crashes: Failure[] = [];
  const host = stack.use(
    await openInferenceHost({
      paths: { onnx: join(root, "model.onnx") },
      settings,
      runMaxMs: options.runMaxMs ?? 30_000,
      signal: options.signal ?? new AbortController().signal,
      onCrash: (failure) => crashes.push(failure),
    }),
  );
  const kept = stack.move();
  return { host, crashes, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function turns(count: number): Batch {
  const data = BigInt64Array.of(BigInt(count));
  return {
    inputs: [
      { name: "x", dtype: "FP32", shape: [1, 2], data: Float32Array.of(1, 2) },
      { name: "turns", dtype: "INT64", shape: [1], data },
    ],
    outputs: ["y"],
  };
}
