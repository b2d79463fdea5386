import { type Dtype, dtypeOfOnnx } from "#core/tensor/dtype.ts";
import type { TypeProto, TypeProto_Tensor, ValueInfoProto } from "#gen/onnx/onnx_pb.ts";

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

const bfloat16 = 16;

/** Reads the declaration of an input or output; the reason continues a sentence about it. */
export function readDeclaration(value: ValueInfoProto): Declaration {
  const type = value.type?.value;
  if (type?.case !== "tensorType") return { kind: "refused", reason: describeKind(type) };
  const { elemType, shape } = type.value;
  const dtype = dtypeOfOnnx(elemType);
  if (dtype === undefined) return { kind: "refused", reason: describeElement(elemType) };
  const dims = shape === undefined ? undefined : shape.dim.map(readDim);
  return { kind: "tensor", tensor: { name: value.name, dtype, shape: dims } };
}

function readDim(dim: NonNullable<TypeProto_Tensor["shape"]>["dim"][number]): number {
  // Some converters write -1 for a length that may vary instead of leaving it out.
  if (dim.value.case === "dimValue" && dim.value.value >= 0n) return Number(dim.value.value);
  return -1;
}

function describeKind(type: TypeProto["value"] | undefined): string {
  switch (type?.case) {
    case "sequenceType":
      return type.value.elemType?.value.case === "mapType"
        ? "is a sequence of maps"
        : "is a sequence";
    case "mapType":
      return "is a map";
    case "optionalType":
      return "is optional";
    case "sparseTensorType":
      return "is a sparse tensor";
    case "opaqueType":
      return "is of an opaque type";
    default:
      return "declares no type";
  }
}

function describeElement(elemType: number): string {
  if (elemType === bfloat16) return "is BF16";
  return elemType === 0 ? "declares no element type" : `has the ONNX element type ${elemType}`;
}
