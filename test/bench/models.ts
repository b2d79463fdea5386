import { createHash } from "node:crypto";
import { bigWidths, midWidths, mlpModel, tinyWidths } from "../support/models.ts";
import { writeModel } from "../support/onnx-writer.ts";
import { makeRepository, type TestRepository } from "../support/repository.ts";
import { benchBaseline, formatBaseline } from "./baseline.ts";

export type BenchModelName = "tiny" | "mid" | "mid-alone" | "big" | "image" | "large";

export type BenchModel = {
  readonly onnx: () => Uint8Array;
  /** The shape of one row of the input `x`, FP32. */
  readonly row: readonly number[];
  readonly rows: number;
  /** What model.yaml says, besides the number of replicas. */
  readonly settings: string;
  readonly hasBaseline: boolean;
};

const plain = { rows: 1, settings: "", hasBaseline: false } as const;
const mid: BenchModel = { onnx: () => mlpModel(midWidths), row: [32], ...plain, hasBaseline: true };
const imageSide = 224;
const imageClasses = 1000;
const mebibyteOfFloats = 262_144;
const largeRows = 96;

/** The models of the benchmark; those of three sizes and what single figures need. */
export const benchModels: Readonly<Record<BenchModelName, BenchModel>> = {
  tiny: { onnx: () => mlpModel(tinyWidths), row: [16], ...plain },
  mid,
  /** The same, one request a run. */
  "mid-alone": { ...mid, settings: "batching: { rowsMax: 0 }\n", hasBaseline: false },
  big: { onnx: () => mlpModel(bigWidths), row: [1024], ...plain },
  /** 602 KB in, 4 KB out, and next to nothing to compute. */
  image: { onnx: imageModel, row: [3, imageSide, imageSide], ...plain },
  /** 96 MiB in, one number a row out. */
  large: { onnx: largeModel, row: [mebibyteOfFloats], ...plain, rows: largeRows },
};

export type WantedModel = {
  readonly model: BenchModelName;
  readonly replicas: number;
  /** What model.yaml says, where it is not what the model has. */
  readonly settings?: string;
};

/** Where the model file of a bench model is within a repository. */
export function onnxPath(name: string): string {
  return `${name}/1/model.onnx`;
}

/**
 * A model repository with these models; a number says how many replicas each is to have. Goes when
 * disposed of.
 */
export async function openBenchModels(
  wanted: Readonly<Record<string, WantedModel>>,
): Promise<TestRepository> {
  const files: Record<string, string | Uint8Array> = {};
  for (const [name, { model, replicas, ...own }] of Object.entries(wanted)) {
    const { onnx, hasBaseline } = benchModels[model];
    const { settings = benchModels[model].settings } = own;
    const bytes = onnx();
    files[onnxPath(name)] = bytes;
    files[`${name}/model.yaml`] = `replicas: ${replicas}\n${settings}`;
    const digest = createHash("sha256").update(bytes).digest("hex");
    if (hasBaseline) {
      files[`${name}/1/baseline.json`] = formatBaseline(benchBaseline(name), digest);
    }
  }
  return await makeRepository(files);
}

function imageModel(): Uint8Array {
  const weight = new Float32Array(3 * imageClasses).map((_, index) => (index % 7) - 3);
  return writeModel({
    inputs: [{ name: "x", type: "FP32", shape: ["N", 3, imageSide, imageSide] }],
    outputs: [{ name: "y", type: "FP32", shape: ["N", imageClasses] }],
    nodes: [
      { op: "GlobalAveragePool", inputs: ["x"], outputs: ["pooled"] },
      { op: "Flatten", inputs: ["pooled"], outputs: ["means"] },
      { op: "MatMul", inputs: ["means", "weight"], outputs: ["y"] },
    ],
    initializers: [{ name: "weight", dtype: "FP32", shape: [3, imageClasses], data: weight }],
  });
}

function largeModel(): Uint8Array {
  return writeModel({
    inputs: [{ name: "x", type: "FP32", shape: ["N", mebibyteOfFloats] }],
    outputs: [{ name: "y", type: "FP32", shape: ["N", 1] }],
    nodes: [
      {
        op: "ReduceMax",
        inputs: ["x"],
        outputs: ["y"],
        attributes: { axes: { ints: [1] }, keepdims: { int: 1 } },
      },
    ],
  });
}
