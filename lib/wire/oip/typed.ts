import { allocate, type Dtype, type TensorData } from "#core/tensor/dtype.ts";
import type { InferTensorContents } from "#gen/inference/grpc_service_pb.ts";
import { decodeText, describe, invalid, type TensorHead } from "./raw.ts";

type Field = Exclude<keyof InferTensorContents, "$typeName" | "$unknown">;

/** Where the protocol puts each data type; FP16 has no typed form. */
const fieldOf: Record<Exclude<Dtype, "FP16">, Field> = {
  BOOL: "boolContents",
  INT8: "intContents",
  INT16: "intContents",
  INT32: "intContents",
  INT64: "int64Contents",
  UINT8: "uintContents",
  UINT16: "uintContents",
  UINT32: "uintContents",
  UINT64: "uint64Contents",
  FP32: "fp32Contents",
  FP64: "fp64Contents",
  BYTES: "bytesContents",
};

const fields: readonly Field[] = [...new Set(Object.values(fieldOf))];

const narrowRange: Partial<Record<Dtype, readonly [min: number, max: number]>> = {
  INT8: [-128, 127],
  INT16: [-32_768, 32_767],
  UINT8: [0, 255],
  UINT16: [0, 65_535],
};

/** True where the message carries values in any of its fields. */
export function hasContents(contents: InferTensorContents): boolean {
  return fields.some((field) => contents[field].length > 0);
}

/**
 * The values of a typed `contents` field. Throws an invalid-argument Failure where they are in the
 * wrong field, are too many or too few, or do not fit the data type.
 */
export function decodeTyped(head: TensorHead, contents: InferTensorContents): TensorData {
  if (head.dtype === "FP16") throw invalid(head, "FP16 has no typed form, use raw_input_contents");
  const field = fieldOf[head.dtype];
  const wrong = fields.find((other) => other !== field && contents[other].length > 0);
  if (wrong !== undefined) {
    throw invalid(head, `${head.dtype} is expected in ${wireName(field)}, got ${wireName(wrong)}`);
  }
  const count = contents[field].length;
  if (count !== head.elements) {
    throw invalid(head, `expected ${head.elements} elements for ${describe(head)}, got ${count}`);
  }
  if (head.dtype === "BYTES") {
    return contents.bytesContents.map((bytes, index) => decodeText(head, bytes, index));
  }
  checkRange(head, contents[field]);
  return fill(allocate(head.dtype, count), contents[field]);
}

function fill(target: TensorData, values: InferTensorContents[Field]): TensorData {
  for (let index = 0; index < values.length; index += 1) {
    // A boolean becomes 0 or 1, a bigint stays one: the arrays' own conversions are what is wanted.
    (target as unknown[])[index] = values[index];
  }
  return target;
}

function checkRange(head: TensorHead, values: InferTensorContents[Field]): void {
  const range = narrowRange[head.dtype];
  if (range === undefined) return;
  const [min, max] = range;
  for (let index = 0; index < values.length; index += 1) {
    const value = Number(values[index]);
    if (value >= min && value <= max) continue;
    throw invalid(head, `element ${index} is ${value}, outside ${head.dtype}'s ${min} to ${max}`);
  }
}

function wireName(field: Field): string {
  return field.replace("Contents", "_contents");
}
