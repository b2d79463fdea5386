/** The element types Sluice serves, by their Open Inference Protocol names. */
export type Dtype =
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

/**
 * Values of a tensor in row-major order. FP16 is kept as its 16 bits; BOOL as 0 and 1; BYTES as
 * text.
 */
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
  | string[];

export type NumericData = Exclude<TensorData, string[]>;

type ArrayConstructor = {
  new (length: number): NumericData;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): NumericData;
};

type DtypeFacts = {
  /** Bytes of one element; 0 for BYTES, whose elements vary. */
  readonly bytes: number;
  readonly array: ArrayConstructor | undefined;
  /** `TensorProto.DataType` in an ONNX file. */
  readonly onnx: number;
  /** `inference.DataType` in a model configuration. */
  readonly config: number;
};

const facts: Record<Dtype, DtypeFacts> = {
  BOOL: { bytes: 1, array: Uint8Array, onnx: 9, config: 1 },
  UINT8: { bytes: 1, array: Uint8Array, onnx: 2, config: 2 },
  UINT16: { bytes: 2, array: Uint16Array, onnx: 4, config: 3 },
  UINT32: { bytes: 4, array: Uint32Array, onnx: 12, config: 4 },
  UINT64: { bytes: 8, array: BigUint64Array, onnx: 13, config: 5 },
  INT8: { bytes: 1, array: Int8Array, onnx: 3, config: 6 },
  INT16: { bytes: 2, array: Int16Array, onnx: 5, config: 7 },
  INT32: { bytes: 4, array: Int32Array, onnx: 6, config: 8 },
  INT64: { bytes: 8, array: BigInt64Array, onnx: 7, config: 9 },
  FP16: { bytes: 2, array: Uint16Array, onnx: 10, config: 10 },
  FP32: { bytes: 4, array: Float32Array, onnx: 1, config: 11 },
  FP64: { bytes: 8, array: Float64Array, onnx: 11, config: 12 },
  BYTES: { bytes: 0, array: undefined, onnx: 8, config: 13 },
};

export const dtypes: readonly Dtype[] = Object.keys(facts) as Dtype[];

export function isDtype(text: string): text is Dtype {
  return Object.hasOwn(facts, text);
}

/** Bytes of one element; 0 for BYTES. */
export function elementBytes(dtype: Dtype): number {
  return facts[dtype].bytes;
}

/** The element type of an ONNX file, or undefined where Sluice does not serve it. */
export function dtypeOfOnnx(elemType: number): Dtype | undefined {
  return dtypes.find((dtype) => facts[dtype].onnx === elemType);
}

export function onnxOfDtype(dtype: Dtype): number {
  return facts[dtype].onnx;
}

export function configOfDtype(dtype: Dtype): number {
  return facts[dtype].config;
}

/** Zeros, or empty texts, for `length` elements. */
export function allocate(dtype: Dtype, length: number): TensorData {
  const { array } = facts[dtype];
  return array === undefined ? new Array<string>(length).fill("") : new array(length);
}

/**
 * Copies little-endian packed `bytes`, or a range of them, into an array of their own, aligned
 * whatever the alignment of the source. Not for BYTES. The length must be a multiple of the
 * element's.
 */
export function copyPacked(
  dtype: Exclude<Dtype, "BYTES">,
  bytes: Uint8Array,
  from: number = 0,
  end: number = bytes.byteLength,
): NumericData {
  const length = end - from;
  if (dtype === "FP32" && length <= scratchBytes.length) return copyFloats(bytes, from, length);
  const { array, bytes: size } = facts[dtype];
  const copy = new Uint8Array(length);
  copy.set(from === 0 && end === bytes.byteLength ? bytes : bytes.subarray(from, end));
  return new (array as ArrayConstructor)(copy.buffer, 0, length / size);
}

/** Arrays of up to 64 bytes live with the other objects: without a buffer they cost a quarter. */
const scratchBytes = new Uint8Array(64);
const scratchFloats = new Float32Array(scratchBytes.buffer);

function copyFloats(bytes: Uint8Array, from: number, length: number): Float32Array {
  for (let at = 0; at < length; at += 1) scratchBytes[at] = bytes[from + at] as number;
  // By value, a number that is none would lose its bits.
  return scratchFloats.slice(0, length / 4);
}

/** The bytes an array of numbers occupies, without copying. */
export function packedBytes(data: NumericData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Numbers in memory that is there already, from an offset their size divides. Not for BYTES. */
export function viewPacked(
  dtype: Exclude<Dtype, "BYTES">,
  memory: {
    readonly buffer: ArrayBufferLike;
    readonly byteOffset: number;
    readonly length: number;
  },
): NumericData {
  const { buffer, byteOffset, length } = memory;
  return new (facts[dtype].array as ArrayConstructor)(buffer, byteOffset, length);
}
