import { type Draw, seededDraw } from "#core/random.ts";
import { type Dtype, dtypes } from "#core/tensor/dtype.ts";
import {
  classicalDomain,
  type Dim,
  type Graph,
  type Initializer,
  type Node,
  writeModel,
} from "./onnx-writer.ts";

/** Tiny ONNX models, each with one property that matters. `N` is the batch dimension. */

/** Gives back what it gets: one input `x` and one output `y` of this type and shape. */
export function identityModel(dtype: Dtype, shape: Dim[] = ["N", 2]): Uint8Array {
  return writeModel({
    inputs: [{ name: "x", type: dtype, shape }],
    outputs: [{ name: "y", type: dtype, shape }],
    nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"] }],
  });
}

/** Gives back every type at once: inputs `x_<dtype>`, outputs `y_<dtype>`, each [N,2]. */
export function everyDtypeModel(): Uint8Array {
  const shape: Dim[] = ["N", 2];
  return writeModel({
    inputs: dtypes.map((type) => ({ name: `x_${type}`, type, shape })),
    outputs: dtypes.map((type) => ({ name: `y_${type}`, type, shape })),
    nodes: dtypes.map((type) => ({
      op: "Identity",
      inputs: [`x_${type}`],
      outputs: [`y_${type}`],
    })),
  });
}

export const tinyWidths: readonly number[] = [16, 32, 1];
export const midWidths: readonly number[] = [32, 2048, 2048, 2048, 8];
export const bigWidths: readonly number[] = [1024, 4096, 4096, 1000];

/** Fully connected layers with ReLU between them: `x` FP32 [N,first] to `y` FP32 [N,last]. */
export function mlpModel(widths: readonly number[], seed = 1, batch: Dim = "N"): Uint8Array {
  const draw = seededDraw(seed);
  const nodes: Node[] = [];
  const initializers: Initializer[] = [];
  const layers = widths.length - 1;
  for (let layer = 0; layer < layers; layer += 1) {
    const [rows, columns] = [widths[layer] ?? 0, widths[layer + 1] ?? 0];
    const isLast = layer === layers - 1;
    const sum = isLast ? "y" : `sum${layer}`;
    initializers.push(
      weights(`w${layer}`, [rows, columns], draw),
      weights(`b${layer}`, [columns], draw),
    );
    nodes.push({
      op: "Gemm",
      inputs: [layer === 0 ? "x" : `relu${layer - 1}`, `w${layer}`, `b${layer}`],
      outputs: [sum],
    });
    if (!isLast) nodes.push({ op: "Relu", inputs: [sum], outputs: [`relu${layer}`] });
  }
  return writeModel({
    inputs: [{ name: "x", type: "FP32", shape: [batch, widths[0] ?? 0] }],
    outputs: [{ name: "y", type: "FP32", shape: [batch, widths.at(-1) ?? 0] }],
    nodes,
    initializers,
  });
}

/**
 * `sum` = a + b and `product` = a · b of two inputs, FP32 [N,3], and `text` as it came, BYTES [N].
 */
export function multiModel(): Uint8Array {
  const shape: Dim[] = ["N", 3];
  return writeModel({
    inputs: [
      { name: "a", type: "FP32", shape },
      { name: "b", type: "FP32", shape },
      { name: "text", type: "BYTES", shape: ["N"] },
    ],
    outputs: [
      { name: "sum", type: "FP32", shape },
      { name: "product", type: "FP32", shape },
      { name: "same", type: "BYTES", shape: ["N"] },
    ],
    nodes: [
      { op: "Add", inputs: ["a", "b"], outputs: ["sum"] },
      { op: "Mul", inputs: ["a", "b"], outputs: ["product"] },
      { op: "Identity", inputs: ["text"], outputs: ["same"] },
    ],
  });
}

/** Doubles one number without any dimension: `x` FP32 [] to `y` FP32 []. */
export function scalarModel(): Uint8Array {
  return writeModel({
    inputs: [{ name: "x", type: "FP32", shape: [] }],
    outputs: [{ name: "y", type: "FP32", shape: [] }],
    nodes: [{ op: "Add", inputs: ["x", "x"], outputs: ["y"] }],
  });
}

/** Softmax over the rows instead of within them: callers would get each other's numbers. */
export function softmaxOverRowsModel(): Uint8Array {
  return writeModel({
    inputs: [{ name: "x", type: "FP32", shape: ["N", 16] }],
    outputs: [{ name: "y", type: "FP32", shape: ["N", 16] }],
    nodes: [{ op: "Softmax", inputs: ["x"], outputs: ["y"], attributes: { axis: { int: 0 } } }],
  });
}

/**
 * Running sums along axis 0, whose true batch dimension is axis 1: `x` FP32 [T,N,4] to `y` FP32
 * [T,N,4].
 */
export function batchOnAxisOneModel(): Uint8Array {
  const axis = { name: "axis", dtype: "INT64", shape: [], data: BigInt64Array.of(0n) } as const;
  return writeModel({
    inputs: [{ name: "x", type: "FP32", shape: ["T", "N", 4] }],
    outputs: [{ name: "y", type: "FP32", shape: ["T", "N", 4] }],
    nodes: [{ op: "CumSum", inputs: ["x", "axis"], outputs: ["y"] }],
    initializers: [axis],
  });
}

/** Dynamic int8 quantisation: the scale is that of the whole batch. */
export function dynamicQuantisationModel(): Uint8Array {
  const draw = seededDraw(1);
  const quantised = Int8Array.from({ length: 16 * 4 }, () => Math.floor(draw() * 255) - 127);
  return writeModel({
    inputs: [{ name: "x", type: "FP32", shape: ["N", 16] }],
    outputs: [{ name: "y", type: "FP32", shape: ["N", 4] }],
    nodes: [
      { op: "DynamicQuantizeLinear", inputs: ["x"], outputs: ["q", "scale", "zero"] },
      { op: "MatMulInteger", inputs: ["q", "w", "zero"], outputs: ["integers"] },
      { op: "Cast", inputs: ["integers"], outputs: ["floats"], attributes: { to: { int: 1 } } },
      { op: "Mul", inputs: ["floats", "scale"], outputs: ["y"] },
    ],
    initializers: [{ name: "w", dtype: "INT8", shape: [16, 4], data: quantised }],
  });
}

/** Keeps the rows whose first number is positive: output rows are not input rows. */
export function filterModel(): Uint8Array {
  return writeModel({
    inputs: [{ name: "x", type: "FP32", shape: ["N", 2] }],
    outputs: [{ name: "y", type: "FP32", shape: ["M", 2] }],
    nodes: [
      {
        op: "Gather",
        inputs: ["x", "first"],
        outputs: ["column"],
        attributes: { axis: { int: 1 } },
      },
      { op: "Greater", inputs: ["column", "zero"], outputs: ["keep"] },
      { op: "Compress", inputs: ["x", "keep"], outputs: ["y"], attributes: { axis: { int: 0 } } },
    ],
    initializers: [
      { name: "first", dtype: "INT64", shape: [], data: BigInt64Array.of(0n) },
      { name: "zero", dtype: "FP32", shape: [], data: Float32Array.of(0) },
    ],
  });
}

/**
 * Looks rows of a table of `entries` up: any other index fails. `x` INT64 [N] to `y` FP32 [N,3].
 */
export function lookupModel(entries: number): Uint8Array {
  return writeModel({
    inputs: [{ name: "x", type: "INT64", shape: ["N"] }],
    outputs: [{ name: "y", type: "FP32", shape: ["N", 3] }],
    nodes: [{ op: "Gather", inputs: ["table", "x"], outputs: ["y"] }],
    initializers: [weights("table", [entries, 3], seededDraw(1))],
  });
}

export type ZipMapOptions = {
  /** Class labels: all texts, or all integers. */
  readonly classes?: readonly string[] | readonly number[];
  readonly standardOperators?: boolean;
};

/** A linear classifier as skl2onnx writes it: `label` [N], and `probabilities` through a ZipMap. */
export function zipMapModel(options: ZipMapOptions = {}): Uint8Array {
  const classes = options.classes ?? ["no", "yes"];
  const texts = classes.filter((label) => typeof label === "string");
  const isText = texts.length > 0;
  const integers = classes.filter((label) => typeof label === "number");
  const named = isText ? { texts } : { ints: integers };
  const key = isText ? "classlabels_strings" : "classlabels_int64s";
  const draw = seededDraw(1);
  const coefficients = Array.from({ length: classes.length * 4 }, () => draw() - 0.5);
  return writeModel(
    {
      inputs: [{ name: "x", type: "FP32", shape: [null, 4] }],
      outputs: [
        { name: "label", type: isText ? "BYTES" : "INT64", shape: [null] },
        { name: "probabilities", type: { kind: "map", keys: isText ? "BYTES" : "INT64" } },
      ],
      nodes: [
        {
          op: "LinearClassifier",
          domain: classicalDomain,
          inputs: ["x"],
          outputs: ["label", "scores"],
          attributes: {
            coefficients: { floats: coefficients },
            intercepts: { floats: classes.map(() => 0) },
            [isText ? "classlabels_strings" : "classlabels_ints"]: named,
            multi_class: { int: 0 },
            post_transform: { text: "SOFTMAX" },
          },
        },
        {
          op: "ZipMap",
          domain: classicalDomain,
          inputs: ["scores"],
          outputs: ["probabilities"],
          attributes: { [key]: named },
        },
      ],
    },
    options.standardOperators === undefined ? {} : { standardOperators: options.standardOperators },
  );
}

/** An FP32 input, and an output of a type that Sluice keeps out. */
export function keptOutModel(kind: "BF16" | "sequence" | "optional"): Uint8Array {
  const nodes: Record<typeof kind, Node> = {
    BF16: { op: "Cast", inputs: ["x"], outputs: ["y"], attributes: { to: { int: 16 } } },
    sequence: { op: "SequenceConstruct", inputs: ["x"], outputs: ["y"] },
    optional: { op: "Optional", inputs: ["x"], outputs: ["y"] },
  };
  return writeModel({
    inputs: [{ name: "x", type: "FP32", shape: ["N"] }],
    outputs: [{ name: "y", type: kind === "BF16" ? "BF16" : { kind }, shape: ["N"] }],
    nodes: [nodes[kind]],
  });
}

/**
 * Takes as long as it is told: `y` = `x` after as many turns of a loop as the largest of `turns`
 * says, each a few microseconds. `x` FP32 [N,2], `turns` INT64 [N], `y` FP32 [N,2].
 */
export function slowModel(): Uint8Array {
  const none = { keepdims: { int: 0 } };
  const body: Graph = {
    inputs: [
      { name: "turn", type: "INT64", shape: [] },
      { name: "goOn", type: "BOOL", shape: [] },
      { name: "before", type: "FP32", shape: [64, 64] },
    ],
    outputs: [
      { name: "goesOn", type: "BOOL", shape: [] },
      { name: "after", type: "FP32", shape: [64, 64] },
    ],
    nodes: [
      { op: "Identity", inputs: ["goOn"], outputs: ["goesOn"] },
      { op: "MatMul", inputs: ["before", "zeros"], outputs: ["after"] },
    ],
  };
  return writeModel({
    inputs: [
      { name: "x", type: "FP32", shape: ["N", 2] },
      { name: "turns", type: "INT64", shape: ["N"] },
    ],
    outputs: [{ name: "y", type: "FP32", shape: ["N", 2] }],
    nodes: [
      { op: "ReduceMax", inputs: ["turns"], outputs: ["most"], attributes: none },
      {
        op: "Loop",
        inputs: ["most", "", "zeros"],
        outputs: ["result"],
        attributes: { body: { graph: body } },
      },
      { op: "ReduceMax", inputs: ["result"], outputs: ["nothing"], attributes: none },
      { op: "Add", inputs: ["x", "nothing"], outputs: ["y"] },
    ],
    initializers: [
      { name: "zeros", dtype: "FP32", shape: [64, 64], data: new Float32Array(64 * 64) },
    ],
  });
}

/** Weights that keep the size of what flows through them. */
export function weights(name: string, shape: number[], draw: Draw): Initializer {
  const length = shape.reduce((product, dim) => product * dim, 1);
  const scale = Math.sqrt(6 / (shape[0] ?? 1));
  const data = Float32Array.from({ length }, () => (draw() * 2 - 1) * scale);
  return { name, dtype: "FP32", shape, data };
}
