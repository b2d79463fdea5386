import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { Failure } from "#core/failure.ts";
import { batchingDefaults, type FeatureSpec, type ModelSpec } from "#core/model/spec.ts";
import { SlabPool } from "#core/slab-pool.ts";
import { PredictRequestSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import { floats, inferBytes, integers } from "../../test/support/infer.ts";
import type { DecodeHeader } from "./decode-protocol.ts";
import { type Decoded, Decoder, type DecoderOptions } from "./decoder.ts";
import { isHeavy } from "./is-heavy.ts";
import { ServedModel } from "./served-model.ts";

const ref = { model: "m", version: 1 };
const inferHeader: DecodeHeader = { ...ref, method: "ModelInfer", isBulk: false };
const predictHeader: DecodeHeader = { ...ref, method: "Predict", isBulk: false };
const x: FeatureSpec = {
  ...{ name: "x", input: "x", column: 0, type: "number", dtype: "INT64", unit: "" },
  ...{ min: undefined, max: undefined, categories: [], default: undefined, required: true },
};
const integerSpec: ModelSpec = {
  inputs: [{ name: "x", dtype: "INT64", shape: [-1] }],
  outputs: [{ name: "y", dtype: "FP32", shape: [-1] }],
  batching: batchingDefaults,
  batched: { enabled: true },
  features: [x],
  predictions: [],
  instances: 1,
};
const textSpec: ModelSpec = {
  ...integerSpec,
  inputs: [{ name: "text", dtype: "BYTES", shape: [-1] }],
  features: [],
};
const ok = integers([1n, 2n]);

describe("a decoder", () => {
  test("reads what the model itself reads", async () => {
    for (const [spec, payload] of [
      [integerSpec, ok],
      [textSpec, texts(40_000)],
    ] as const) {
      await using opened = open({ spec });
      const model = new ServedModel(ref, spec);
      expect(await opened.ask(payload)).toEqual(model.read(payload, false, inferHeader));
    }
  });

  test("tells what is wrong, in the words of the model", async () => {
    await using opened = open();
    const model = new ServedModel(ref, integerSpec);
    for (const [payload, header] of [
      [floats(1, 2), inferHeader],
      [Uint8Array.of(0x2a, 100, 1), inferHeader],
      [ok, { ...inferHeader, version: 2 }],
      [columns("nothing"), predictHeader],
    ] as const) {
      const failure = await opened.ask(payload, header);
      expect(failure).toBeInstanceOf(Failure);
      expect(() => model.read(payload, false, header)).toThrow((failure as Failure).message);
    }
  });

  test("tells which rows of a bulk item fail", async () => {
    await using opened = open();
    const decoded = await opened.ask(columns("x"), { ...predictHeader, isBulk: true });
    if (decoded instanceof Failure) throw decoded;
    expect(decoded.rows).toBe(2);
    expect(decoded.failures?.inOrder().map(({ row, failure }) => [row, failure.code])).toEqual([
      [1, "invalid-argument"],
    ]);
  });

  test("gives the memory of a payload back, whatever becomes of it", async () => {
    await using opened = open();
    const { slabs, decoder } = opened;
    const inSlab = () => {
      const slab = slabs.take(ok.length);
      const payload = new Uint8Array(slab, 0, ok.length);
      payload.set(ok);
      return payload;
    };
    await opened.ask(inSlab());
    expect(slabs.bytes).toBe(16_384);
    decoder.decode({ payload: inSlab(), own: true, header: inferHeader }, unwanted)();
    await opened.ask(ok);
    expect(slabs.bytes).toBe(16_384);
  });

  test("forgets what is cancelled while it waits", async () => {
    await using opened = open();
    const first = opened.ask(ok);
    const request = { payload: ok, own: false, header: inferHeader };
    const cancel = opened.decoder.decode(request, unwanted);
    const last = opened.ask(ok);
    cancel();
    expect((await Promise.all([first, last])).map((each) => each instanceof Failure)).toEqual([
      false,
      false,
    ]);
  });

  test("fails the request that brings its thread down, and starts another", async () => {
    await using opened = open({ spec: textSpec, heapMbMax: 16 });
    const asked = [opened.ask(texts(1_000_000)), opened.ask(texts(1))];
    const [large, small] = await Promise.all(asked);
    expect(large).toMatchObject({ code: "internal" });
    expect((large as Failure).message).toContain("the decode thread ended");
    expect(small).toMatchObject({ rows: 1 });
  });

  test("fails a request that takes too long", async () => {
    await using opened = open({ decodeMaxMs: 1 });
    const message = "the decode thread took longer than 1 ms";
    expect(await opened.ask(ok)).toMatchObject({ code: "internal", message });
  });

  test("tells who waits that it ends", async () => {
    const opened = open();
    const waiting = Promise.all([opened.ask(ok), opened.ask(ok)]);
    await opened[Symbol.asyncDispose]();
    for (const each of await waiting) expect(each).toMatchObject({ code: "unavailable" });
  });
});

test.each([
  ["a small one", floats(8, 32), false, false],
  ["raw numbers in memory of their own", floats(1024, 128), true, false],
  ["raw numbers that are copied", floats(1024, 128), false, true],
  ["few raw numbers that are copied", floats(1024, 32), false, false],
  ["typed integers", integers(new Array(20_000).fill(1n)), true, true],
])("%s is heavy or not", (_, payload, own, expected) => {
  expect(isHeavy(payload, own, inferHeader)).toBe(expected);
});

function unwanted(): never {
  throw new Error("called back for a request that was cancelled");
}

function open(options: Partial<DecoderOptions> = {}) {
  const slabs = new SlabPool(1 << 20);
  const decoder = new Decoder({ ref, spec: integerSpec, decodeMaxMs: 30_000, ...options }, slabs);
  const ask = (payload: Uint8Array, header: DecodeHeader = inferHeader) =>
    new Promise<Decoded>((resolve) => {
      const own = payload.byteLength < payload.buffer.byteLength && payload.byteOffset === 0;
      decoder.decode({ payload, own, header }, resolve);
    });
  return { slabs, decoder, ask, [Symbol.asyncDispose]: () => decoder[Symbol.asyncDispose]() };
}

/** So many texts of 16 letters, as raw contents. */
function texts(count: number): Uint8Array {
  const bytes = new Uint8Array(20 * count);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < count; index += 1) {
    view.setUint32(20 * index, 16, true);
    bytes.fill(97 + (index % 26), 20 * index + 4, 20 * index + 20);
  }
  const inputs = [{ name: "text", datatype: "BYTES", shape: [BigInt(count)] }];
  return inferBytes({ inputs, rawInputContents: [bytes] });
}

/** Two rows of one feature, of which the second has no value. */
function columns(name: string): Uint8Array {
  const values = { case: "integers" as const, value: { values: [1n, 0n] } };
  const column = { name, values, nulls: Uint8Array.of(2) };
  return toBinary(PredictRequestSchema, create(PredictRequestSchema, { columns: [column] }));
}
