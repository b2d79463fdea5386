import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { onnxOfDtype } from "#core/tensor/dtype.ts";
import {
  type NodeProto,
  NodeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "#gen/onnx/onnx_pb.ts";
import { fieldsOf } from "./fields.ts";

/**
 * Classifiers of scikit-learn end in a ZipMap: it turns the [N, classes] tensor of probabilities
 * into N maps from class to probability, which no protocol of ours can carry. The tensor is what we
 * want, and the classes' names are in the node's attributes, so an Identity takes the node's place.
 * The runtime removes it.
 */
export type ZipMapCut = {
  /** The name the output has and keeps. */
  readonly output: string;
  readonly labels: readonly string[];
  /** Encoded NodeProto in place of the ZipMap. */
  readonly node: Uint8Array;
  /** What the output now is: FP32 [N, classes]. */
  readonly value: ValueInfoProto;
};

/** Number of `op_type` in a NodeProto. */
const opTypeField = 4;

/** Undefined for every node but a ZipMap that names its classes. */
export function cutZipMap(encoded: Uint8Array): ZipMapCut | undefined {
  if (!isZipMap(encoded)) return undefined;
  const node = fromBinary(NodeProtoSchema, encoded);
  const [input, output] = [node.input[0], node.output[0]];
  const labels = classLabels(node);
  if (input === undefined || output === undefined || labels.length === 0) return undefined;
  return {
    output,
    labels,
    node: toBinary(
      NodeProtoSchema,
      create(NodeProtoSchema, {
        opType: "Identity",
        name: node.name,
        input: [input],
        output: [output],
      }),
    ),
    value: probabilities(output, labels.length),
  };
}

/** A big model has thousands of nodes with large attributes, so only the type is read. */
function isZipMap(encoded: Uint8Array): boolean {
  for (const field of fieldsOf(encoded)) {
    if (field.number === opTypeField) return textOf(field.content) === "ZipMap";
  }
  return false;
}

function classLabels(node: NodeProto): string[] {
  const attribute = (name: string) => node.attribute.find((each) => each.name === name);
  const texts = attribute("classlabels_strings")?.strings ?? [];
  if (texts.length > 0) return texts.map(textOf);
  return (attribute("classlabels_int64s")?.ints ?? []).map(String);
}

function probabilities(name: string, classes: number): ValueInfoProto {
  const dim = [{}, { value: { case: "dimValue" as const, value: BigInt(classes) } }];
  const value = { elemType: onnxOfDtype("FP32"), shape: { dim } };
  return create(ValueInfoProtoSchema, { name, type: { value: { case: "tensorType", value } } });
}

function textOf(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}
