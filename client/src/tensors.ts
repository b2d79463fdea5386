/** Tensors of the Open Inference Protocol v2, as typed arrays; on the wire they are raw bytes. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { SluiceError } from "./error.ts";
import {
  type InferTensorContents,
  type ModelInferRequest,
  ModelInferRequestSchema,
  type ModelInferResponse,
} from "./gen/inference/grpc_service_pb.ts";

export type Datatype =
  | "BOOL"
  | "UINT8"
  | "UINT16"
  | "UINT32"
  | "UINT64"
  | "INT8"
  | "INT16"
  | "INT32"
  | "INT64"
  | "FP16"
  | "FP32"
  | "FP64"
  | "BYTES";

export type TensorData =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | readonly string[];

/**
 * `data` is the array type of the datatype: Float32Array for FP32, BigInt64Array for INT64, texts
 * for BYTES, zeros and ones in a Uint8Array for BOOL, the bits in a Uint16Array for FP16.
 */
export type Tensor = {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
};

export type InferRequest = {
  readonly model: string;
  /** The highest one that is ready where absent. */
  readonly version?: number | string;
  /** Echoed in the reply and kept with its trace and event. */
  readonly id?: string;
  readonly inputs: readonly Tensor[];
  /** All of the model's where absent. */
  readonly outputs?: readonly string[];
  readonly parameters?: Readonly<Record<string, boolean | bigint | number | string>>;
};

export type InferResult = {
  readonly model: string;
  readonly version: number;
  readonly id: string;
  readonly outputs: readonly Tensor[];
};

type TypedArrayClass = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer): Exclude<TensorData, readonly string[]>;
};

const arrays: Readonly<Record<Exclude<Datatype, "BYTES">, TypedArrayClass>> = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
};

/** Throws an `invalid-argument` SluiceError where a tensor does not fit its datatype or shape. */
export function toInferRequest(request: InferRequest): ModelInferRequest {
  return create(ModelInferRequestSchema, {
    modelName: request.model,
    modelVersion: String(request.version ?? ""),
    id: request.id ?? "",
    parameters: Object.fromEntries(
      Object.entries(request.parameters ?? {}).map(([name, value]) => [name, toParameter(value)]),
    ),
    inputs: request.inputs.map(({ name, datatype, shape }) => ({
      name,
      datatype,
      shape: shape.map(BigInt),
    })),
    outputs: (request.outputs ?? []).map((name) => ({ name })),
    rawInputContents: request.inputs.map(toRaw),
  });
}

type Parameter = NonNullable<
  MessageInitShape<typeof ModelInferRequestSchema>["parameters"]
>[string];

function toParameter(value: boolean | bigint | number | string): Parameter {
  if (typeof value === "boolean") return { parameterChoice: { case: "boolParam", value } };
  if (typeof value === "string") return { parameterChoice: { case: "stringParam", value } };
  if (typeof value === "bigint" || Number.isSafeInteger(value)) {
    return { parameterChoice: { case: "int64Param", value: BigInt(value) } };
  }
  return { parameterChoice: { case: "doubleParam", value } };
}

function toRaw(tensor: Tensor): Uint8Array {
  const { name, datatype, shape, data } = tensor;
  const elements = shape.reduce((product, length) => product * length, 1);
  if (data.length !== elements) {
    const problem = `takes ${elements} values, got ${data.length}`;
    throw new SluiceError("invalid-argument", `tensor "${name}" of shape [${shape}] ${problem}`);
  }
  if (datatype === "BYTES") return textsToRaw(name, data);
  const expected = arrays[datatype];
  if (expected === undefined || !(data instanceof (expected as never))) {
    const wanted = expected === undefined ? "a known datatype" : expected.name;
    throw new SluiceError("invalid-argument", `tensor "${name}" of ${datatype} takes ${wanted}`);
  }
  const view = data as Exclude<TensorData, readonly string[]>;
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** Each text after its length of four bytes. */
function textsToRaw(name: string, texts: TensorData): Uint8Array {
  if (!Array.isArray(texts)) {
    throw new SluiceError("invalid-argument", `tensor "${name}" of BYTES takes an array of texts`);
  }
  const encoder = new TextEncoder();
  const encoded = texts.map((text) => encoder.encode(String(text)));
  const raw = new Uint8Array(encoded.reduce((bytes, text) => bytes + 4 + text.length, 0));
  const view = new DataView(raw.buffer);
  let offset = 0;
  for (const text of encoded) {
    view.setUint32(offset, text.length, true);
    raw.set(text, offset + 4);
    offset += 4 + text.length;
  }
  return raw;
}

export function toInferResult(response: ModelInferResponse): InferResult {
  const { modelName, modelVersion, id, outputs, rawOutputContents } = response;
  return {
    model: modelName,
    version: Number(modelVersion),
    id,
    outputs: outputs.map(({ name, datatype, shape, contents }, index) => {
      const raw = rawOutputContents[index];
      const type = datatype as Datatype;
      const data = raw === undefined ? typedData(type, contents) : rawData(type, raw);
      return { name, datatype: type, shape: shape.map(Number), data };
    }),
  };
}

function rawData(datatype: Datatype, raw: Uint8Array): TensorData {
  if (datatype === "BYTES") return rawToTexts(raw);
  const array = arrays[datatype];
  if (array === undefined || raw.length % array.BYTES_PER_ELEMENT !== 0) {
    throw new SluiceError("internal", `cannot read ${raw.length} bytes of ${datatype}`);
  }
  // A copy: what came off the wire is seldom aligned, and belongs to a larger message.
  return new array(Uint8Array.from(raw).buffer);
}

function rawToTexts(raw: Uint8Array): string[] {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const decoder = new TextDecoder();
  const texts: string[] = [];
  for (let offset = 0; offset < raw.length; ) {
    const end = offset + 4 + (offset + 4 <= raw.length ? view.getUint32(offset, true) : raw.length);
    if (end > raw.length) throw new SluiceError("internal", "a tensor of BYTES is cut short");
    texts.push(decoder.decode(raw.subarray(offset + 4, end)));
    offset = end;
  }
  return texts;
}

function typedData(datatype: Datatype, contents: InferTensorContents | undefined): TensorData {
  switch (datatype) {
    case "BOOL":
      return Uint8Array.from(contents?.boolContents ?? [], Number);
    case "UINT8":
      return Uint8Array.from(contents?.uintContents ?? []);
    case "UINT16":
      return Uint16Array.from(contents?.uintContents ?? []);
    case "UINT32":
      return Uint32Array.from(contents?.uintContents ?? []);
    case "UINT64":
      return BigUint64Array.from(contents?.uint64Contents ?? []);
    case "INT8":
      return Int8Array.from(contents?.intContents ?? []);
    case "INT16":
      return Int16Array.from(contents?.intContents ?? []);
    case "INT32":
      return Int32Array.from(contents?.intContents ?? []);
    case "INT64":
      return BigInt64Array.from(contents?.int64Contents ?? []);
    case "FP32":
      return Float32Array.from(contents?.fp32Contents ?? []);
    case "FP64":
      return Float64Array.from(contents?.fp64Contents ?? []);
    case "BYTES":
      return (contents?.bytesContents ?? []).map((bytes) => new TextDecoder().decode(bytes));
    case "FP16":
      throw new SluiceError("internal", "FP16 comes as raw bytes alone");
  }
}
