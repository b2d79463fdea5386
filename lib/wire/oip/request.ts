// A ModelInferRequest is read in three steps: the protobuf message, whose tensors stay views of the
// bytes; the head of every tensor (name, type, shape), checked before anything is allocated for it;
// the values, copied into arrays of their own so that the message can be let go.
import { fromBinary } from "@bufbuild/protobuf";
import { Failure, messageOf } from "#core/failure.ts";
import { quote } from "#core/quote.ts";
import { dtypes, isDtype } from "#core/tensor/dtype.ts";
import { formatShape, type Tensor } from "#core/tensor/tensor.ts";
import {
  type ModelInferRequest,
  type ModelInferRequest_InferInputTensor,
  ModelInferRequestSchema,
} from "#gen/inference/grpc_service_pb.ts";
import { refuseLongLists } from "../listed-elements.ts";
import { refuseUnserved } from "./parameters.ts";
import { decodeRaw, invalid, type TensorHead } from "./raw.ts";
import { decodeTyped, hasContents } from "./typed.ts";

/** What a caller of ModelInfer asked for, decoded but not yet checked against a model. */
export type InferRequest = {
  readonly id: string;
  readonly inputs: readonly Tensor[];
  /** Names of the outputs asked for, in order; empty for all. */
  readonly outputs: readonly string[];
};

const dimensionMax = 2 ** 31 - 1;
const rankMax = 32;
/**
 * Of a tensor without elements. Its data does not bound its other dimensions, and every row takes
 * its time.
 */
const emptyDimensionMax = 65_536;

/**
 * Decodes a ModelInferRequest. Throws an invalid-argument Failure that names the input and the
 * numbers.
 */
export function decodeInferRequest(bytes: Uint8Array): InferRequest {
  const message = parse(bytes);
  refuseUnserved(message);
  return {
    id: message.id,
    inputs: decodeInputs(message),
    outputs: message.outputs.map((output) => output.name),
  };
}

/** `inputs`, and of each its `shape` and all of its `contents` that are not of fixed size. */
const listed = {
  5: { 3: "varints", 5: { 1: "varints", 2: "varints", 3: "varints", 4: "varints", 5: "varints" } },
} as const;

function parse(bytes: Uint8Array): ModelInferRequest {
  refuseLongLists(bytes, listed, "use raw_input_contents");
  try {
    return fromBinary(ModelInferRequestSchema, bytes, { readUnknownFields: false });
  } catch (error) {
    const problem = `the request is not a ModelInferRequest: ${messageOf(error)}`;
    throw new Failure("invalid-argument", problem, { cause: error });
  }
}

function decodeInputs(message: ModelInferRequest): Tensor[] {
  const { inputs, rawInputContents: raw } = message;
  if (raw.length > 0 && raw.length !== inputs.length) {
    const expected = `${inputs.length} raw_input_contents, one for each input`;
    const problem = `expected ${expected}, got ${raw.length}`;
    throw new Failure("invalid-argument", problem);
  }
  return inputs.map((input, index) => {
    const head = toHead(input);
    const { contents } = input;
    const bytes = raw[index];
    const isTyped = contents !== undefined && hasContents(contents);
    if (bytes !== undefined && isTyped) {
      throw invalid(head, "typed contents must not be given together with raw_input_contents");
    }
    if (bytes === undefined && !isTyped && head.elements > 0) throw invalid(head, "no data given");
    return { name: head.name, dtype: head.dtype, shape: head.shape, data: decode() };

    function decode() {
      if (isTyped) return decodeTyped(head, contents);
      return decodeRaw(head, bytes ?? new Uint8Array(0));
    }
  });
}

function toHead(input: ModelInferRequest_InferInputTensor): TensorHead {
  const { name, datatype } = input;
  if (!isDtype(datatype)) {
    throw invalid(input, `datatype ${quote(datatype)} is not one of ${dtypes.join(", ")}`);
  }
  if (input.shape.length > rankMax) {
    throw invalid(
      input,
      `shape has ${input.shape.length} dimensions, at most ${rankMax} are served`,
    );
  }
  const shape = input.shape.map(Number);
  if (shape.some((dim) => dim < 0)) {
    throw invalid(input, `every dimension must be given, got ${formatShape(shape)}`);
  }
  // Beyond 2^53 a product is inexact but never small again: it cannot equal a length that exists.
  const elements = shape.reduce((product, dim) => product * dim, 1);
  if (shape.some((dim) => dim > dimensionMax) || elements > Number.MAX_SAFE_INTEGER) {
    throw invalid(input, `shape ${formatShape(shape)} is larger than any data that could be sent`);
  }
  if (elements === 0 && shape.some((dim) => dim > emptyDimensionMax)) {
    const limit = `a dimension of a tensor without elements is at most ${emptyDimensionMax}`;
    throw invalid(input, `${limit}, got ${formatShape(shape)}`);
  }
  return { name, dtype: datatype, shape, elements };
}
