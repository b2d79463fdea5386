import { type Dtype, dtypeOfOnnx, onnxOfDtype } from "#core/tensor/dtype.ts";
import {
  contentOf,
  contentsOf,
  encodeField,
  encodeInteger,
  fieldsOf,
  join,
  textOf,
} from "./fields.ts";

/** What a model file declares of an input or output. */
export type DeclaredTensor = {
  readonly name: string;
  readonly dtype: Dtype;
  /**
   * -1 where any length is accepted; undefined where not even the number of dimensions is declared.
   */
  readonly shape: readonly number[] | undefined;
};

/** What is declared, or why it cannot be served. */
export type Declaration =
  | { readonly kind: "tensor"; readonly tensor: DeclaredTensor }
  | { readonly kind: "refused"; readonly reason: string };

const valueFields = { name: 1, type: 2 };
const tensorFields = { elementType: 1, shape: 2 };
const shapeField = { dim: 1 };
const dimField = { value: 1, parameter: 2 };
const sequenceField = { elementType: 1 };
/** Of a TypeProto, which has one of them. */
const kinds = { tensor: 1, sequence: 4, map: 5, opaque: 7, sparseTensor: 8, optional: 9 };
const kindNumbers: readonly number[] = Object.values(kinds);

const bfloat16 = 16;

/** The name of an encoded ValueInfoProto. */
export function readName(value: Uint8Array): string {
  return textOf(value, valueFields.name);
}

/** Reads the declaration of an input or output; the reason continues a sentence about it. */
export function readDeclaration(value: Uint8Array): Declaration {
  const type = typeOf(contentOf(value, valueFields.type));
  if (type?.kind !== kinds.tensor) return { kind: "refused", reason: describeKind(type) };
  let elementType = 0;
  for (const { number, integer } of fieldsOf(type.content)) {
    if (number === tensorFields.elementType) elementType = Number(BigInt.asIntN(32, integer));
  }
  const dtype = dtypeOfOnnx(elementType);
  if (dtype === undefined) return { kind: "refused", reason: describeElement(elementType) };
  const shape = contentOf(type.content, tensorFields.shape);
  const dims = shape === undefined ? undefined : contentsOf(shape, shapeField.dim).map(readDim);
  return { kind: "tensor", tensor: { name: readName(value), dtype, shape: dims } };
}

/** A ValueInfoProto of a tensor with two dimensions, the first of any length. */
export function encodeMatrix(name: string, dtype: Dtype, columns: number): Uint8Array {
  const shape = join([
    encodeField(shapeField.dim, ""),
    encodeField(shapeField.dim, encodeInteger(dimField.value, columns)),
  ]);
  const tensor = join([
    encodeInteger(tensorFields.elementType, onnxOfDtype(dtype)),
    encodeField(tensorFields.shape, shape),
  ]);
  const type = encodeField(kinds.tensor, tensor);
  return join([encodeField(valueFields.name, name), encodeField(valueFields.type, type)]);
}

type Type = { readonly kind: number; readonly content: Uint8Array };

/** The last one counts, as everywhere in protobuf. */
function typeOf(type: Uint8Array | undefined): Type | undefined {
  let last: Type | undefined;
  for (const { number, content } of fieldsOf(type ?? new Uint8Array())) {
    if (content !== undefined && kindNumbers.includes(number)) last = { kind: number, content };
  }
  return last;
}

function readDim(dim: Uint8Array): number {
  let length = -1n;
  for (const { number, integer } of fieldsOf(dim)) {
    if (number === dimField.value) length = integer;
    else if (number === dimField.parameter) length = -1n;
  }
  // Some converters write -1 for a length that may vary instead of leaving it out.
  return length >= 0n ? Number(length) : -1;
}

function describeKind(type: Type | undefined): string {
  switch (type?.kind) {
    case kinds.sequence: {
      const element = typeOf(contentOf(type.content, sequenceField.elementType));
      return element?.kind === kinds.map ? "is a sequence of maps" : "is a sequence";
    }
    case kinds.map:
      return "is a map";
    case kinds.optional:
      return "is optional";
    case kinds.sparseTensor:
      return "is a sparse tensor";
    case kinds.opaque:
      return "is of an opaque type";
    default:
      return "declares no type";
  }
}

function describeElement(elementType: number): string {
  if (elementType === bfloat16) return "is BF16";
  return elementType === 0
    ? "declares no element type"
    : `has the ONNX element type ${elementType}`;
}
