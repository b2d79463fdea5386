import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Dtype, TensorData } from "#core/tensor/dtype.ts";
import { onnxOfDtype, packedBytes } from "#core/tensor/dtype.ts";
import {
  type AttributeProtoSchema,
  AttributeType,
  type GraphProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type TypeProtoSchema,
  type ValueInfoProtoSchema,
} from "#gen/onnx/onnx_pb.ts";

/**
 * Writes small ONNX models for tests and benchmarks. A model is a list of nodes, each naming the
 * values it takes and makes; values that nobody makes are inputs or initializers.
 */
export type Graph = {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly nodes: readonly Node[];
  readonly initializers?: readonly Initializer[];
};

/**
 * A number is a fixed length, a name one that may vary, and null one that may vary and has no name.
 */
export type Dim = number | string | null;

/** `shape` left out: not even the number of dimensions is declared. */
export type Value = {
  readonly name: string;
  readonly type: ElementType;
  readonly shape?: readonly Dim[];
};

/** A data type Sluice serves, or what it keeps out. */
export type ElementType =
  | Dtype
  | "BF16"
  | { readonly kind: "sequence" | "optional" | "sparse" }
  | { readonly kind: "map"; readonly keys: "INT64" | "BYTES" };

export type Node = {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
};

/**
 * An integer, a list of integers, of decimals or of texts, a decimal, a text, or a nested graph.
 */
export type Attribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly text: string }
  | { readonly texts: readonly string[] }
  | { readonly graph: Graph };

export type Initializer = {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: TensorData;
  /** Weights in a file of their own beside the model: its name, and where in it they are. */
  readonly external?: { readonly location: string; readonly offset: number };
};

export type ModelOptions = {
  readonly metadata?: Readonly<Record<string, string>>;
  /** False leaves out the standard operator set, as converters of lone classical estimators do. */
  readonly standardOperators?: boolean;
};

const irVersion = 8n;
const standardOperatorsVersion = 17n;
const classicalOperatorsVersion = 3n;
export const classicalDomain = "ai.onnx.ml";

export function writeModel(graph: Graph, options: ModelOptions = {}): Uint8Array {
  const imports = [{ domain: classicalDomain, version: classicalOperatorsVersion }];
  if (options.standardOperators !== false) {
    imports.unshift({ domain: "", version: standardOperatorsVersion });
  }
  const model = create(ModelProtoSchema, {
    irVersion,
    opsetImport: imports,
    producerName: "sluice-test",
    graph: toGraph(graph),
    metadataProps: Object.entries(options.metadata ?? {}).map(([key, value]) => ({ key, value })),
  });
  return toBinary(ModelProtoSchema, model);
}

function toGraph(graph: Graph): MessageInitShape<typeof GraphProtoSchema> {
  return {
    name: "graph",
    node: graph.nodes.map(toNode),
    initializer: (graph.initializers ?? []).map(toInitializer),
    input: graph.inputs.map(toValue),
    output: graph.outputs.map(toValue),
  };
}

function toNode(node: Node, index: number): MessageInitShape<typeof NodeProtoSchema> {
  return {
    opType: node.op,
    name: `${node.op}_${index}`,
    domain: node.domain ?? "",
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: Object.entries(node.attributes ?? {}).map(toAttribute),
  };
}

function toAttribute([name, value]: [string, Attribute]): MessageInitShape<
  typeof AttributeProtoSchema
> {
  if ("int" in value) return { name, type: AttributeType.INT, i: BigInt(value.int) };
  if ("ints" in value) return { name, type: AttributeType.INTS, ints: value.ints.map(BigInt) };
  if ("float" in value) return { name, type: AttributeType.FLOAT, f: value.float };
  if ("floats" in value) return { name, type: AttributeType.FLOATS, floats: [...value.floats] };
  if ("text" in value) return { name, type: AttributeType.STRING, s: encode(value.text) };
  if ("texts" in value) {
    return { name, type: AttributeType.STRINGS, strings: value.texts.map(encode) };
  }
  return { name, type: AttributeType.GRAPH, g: toGraph(value.graph) };
}

function toInitializer(initializer: Initializer): MessageInitShape<typeof TensorProtoSchema> {
  const { name, dtype, shape, data, external } = initializer;
  const common = { name, dataType: onnxOfDtype(dtype), dims: shape.map(BigInt) };
  if (external !== undefined) {
    const length = Array.isArray(data) ? 0 : data.byteLength;
    const entries = { location: external.location, offset: external.offset, length };
    return {
      ...common,
      dataLocation: 1,
      externalData: Object.entries(entries).map(([key, value]) => ({ key, value: String(value) })),
    };
  }
  if (Array.isArray(data)) return { ...common, stringData: data.map(encode) };
  return { ...common, rawData: packedBytes(data) };
}

function toValue(value: Value): MessageInitShape<typeof ValueInfoProtoSchema> {
  return { name: value.name, type: toType(value.type, value.shape) };
}

function toType(
  type: ElementType,
  shape: readonly Dim[] | undefined,
): MessageInitShape<typeof TypeProtoSchema> {
  const dims = shape === undefined ? {} : { shape: { dim: shape.map(toDim) } };
  if (typeof type === "string") {
    const elemType = type === "BF16" ? 16 : onnxOfDtype(type);
    return { value: { case: "tensorType", value: { elemType, ...dims } } };
  }
  const elemType = onnxOfDtype("FP32");
  const tensor = { value: { case: "tensorType" as const, value: { elemType, ...dims } } };
  switch (type.kind) {
    case "sequence":
      return { value: { case: "sequenceType", value: { elemType: tensor } } };
    case "optional":
      return { value: { case: "optionalType", value: { elemType: tensor } } };
    case "sparse":
      return { value: { case: "sparseTensorType", value: { elemType, ...dims } } };
    case "map":
      // What a ZipMap makes: a sequence of maps, one a row.
      return { value: { case: "sequenceType", value: { elemType: mapOf(type.keys, tensor) } } };
  }
}

function mapOf(
  keys: Dtype,
  valueType: MessageInitShape<typeof TypeProtoSchema>,
): MessageInitShape<typeof TypeProtoSchema> {
  return { value: { case: "mapType", value: { keyType: onnxOfDtype(keys), valueType } } };
}

function toDim(dim: Dim) {
  if (dim === null) return {};
  return typeof dim === "number"
    ? { value: { case: "dimValue" as const, value: BigInt(dim) } }
    : { value: { case: "dimParam" as const, value: dim } };
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
