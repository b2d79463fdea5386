// A ModelInferRequest is read in two steps. The message is walked over once, noting names, types
// and shapes and where values are. Then the values of each tensor are copied into an array of their
// own, so that the message can be let go; nothing is allocated for a tensor before its type and
// shape are known to fit the bytes there are.
import { Failure } from "#core/failure.ts";
import { quote } from "#core/quote.ts";
import { type Dtype, dtypes, isDtype, type TensorData } from "#core/tensor/dtype.ts";
import { formatShape, type Tensor } from "#core/tensor/tensor.ts";
import { Cursor, wireType } from "../cursor.ts";
import { listedMax } from "../listed-elements.ts";
import { refuseRequest, refuseTensor } from "./parameters.ts";
import { type BadElement, decodeRaw, invalid, type TensorHead, viewRaw } from "./raw.ts";
import { TypedContents } from "./typed.ts";

/** What a caller of ModelInfer asked for, decoded but not yet checked against a model. */
export type InferRequest = {
  readonly id: string;
  readonly inputs: readonly Tensor[];
  /** Names of the outputs asked for, in order; empty for all. */
  readonly outputs: readonly string[];
  /** Whether the values of its only input are still in the memory that the request came in. */
  readonly isView: boolean;
};

/** A tensor as the message describes it. */
type Described = {
  name: string;
  datatype: string;
  readonly shape: number[];
  contents: TypedContents | undefined;
};

const dimensionMax = 2 ** 31 - 1;
const rankMax = 32;
/**
 * Of a tensor without elements. Its data does not bound its other dimensions, and every row takes
 * its time.
 */
const emptyDimensionMax = 65_536;
const high32 = 2 ** 32;

export type DecodeOptions = {
  /** Whether the bytes are all of their memory, which may be used from then on. Default false. */
  readonly own?: boolean;
  /** Takes note of bad elements; where it is not given the first of them is thrown. */
  readonly bad?: BadElement[] | undefined;
};

/**
 * Decodes a ModelInferRequest. Throws an invalid-argument Failure that names the input and the
 * numbers. Nothing of `bytes` is kept, unless they are `own`: then the values of a single input may
 * stay where they are, and nothing else in there is of use any more.
 */
export function decodeInferRequest(bytes: Uint8Array, options: DecodeOptions = {}): InferRequest {
  return new InferReader(bytes, options).read();
}

class InferReader {
  readonly #cursor: Cursor;
  readonly #own: boolean;
  readonly #bad: BadElement[] | undefined;
  readonly #inputs: Described[] = [];
  readonly #outputs: string[] = [];
  /** Where each of `raw_input_contents` begins and ends, in turns. */
  readonly #raw: number[] = [];
  #id = "";
  #listed = 0;
  #isView = false;
  /** The first reason to refuse a tensor, and the request itself. */
  #refusedTensor: Failure | undefined;
  #refused: Failure | undefined;

  constructor(bytes: Uint8Array, { own = false, bad }: DecodeOptions) {
    this.#own = own;
    this.#bad = bad;
    this.#cursor = new Cursor(bytes, "the request is not a ModelInferRequest");
  }

  read(): InferRequest {
    const cursor = this.#cursor;
    while (cursor.next()) {
      this.#list(1);
      this.#readField();
    }
    const refused = this.#refusedTensor ?? this.#refused;
    if (refused !== undefined) throw refused;
    const inputs = this.#decodeInputs();
    return { id: this.#id, inputs, outputs: this.#outputs, isView: this.#isView };
  }

  #readField(): void {
    const cursor = this.#cursor;
    switch (cursor.number) {
      case 1:
      case 2:
        // The model's name and version: whoever routed the request has read them.
        cursor.expect(wireType.bytes, "the model's name");
        cursor.skip();
        break;
      case 3:
        this.#id = cursor.text("id");
        break;
      case 4:
        this.#refused ??= refuseRequest(this.#readParameter());
        break;
      case 5:
        this.#readInput();
        break;
      case 6:
        this.#readOutput();
        break;
      case 7:
        this.#raw.push(cursor.span("raw_input_contents"), cursor.at);
        break;
      default:
        cursor.skip();
    }
  }

  #readInput(): void {
    const cursor = this.#cursor;
    const outer = cursor.enter(cursor.span("inputs"), cursor.at);
    const input: Described = { name: "", datatype: "", shape: [], contents: undefined };
    let parameters: string[] | undefined;
    while (cursor.next()) {
      this.#list(1);
      if (cursor.number === 1) input.name = cursor.text("name");
      else if (cursor.number === 2) input.datatype = cursor.text("datatype");
      else if (cursor.number === 3) this.#readShape(input.shape);
      else if (cursor.number === 4) {
        parameters ??= [];
        parameters.push(this.#readParameter());
      } else if (cursor.number === 5) {
        input.contents ??= new TypedContents(cursor);
        this.#list(input.contents.add());
      } else cursor.skip();
    }
    cursor.leave(outer);
    this.#inputs.push(input);
    if (parameters !== undefined) this.#checkParameters(input.name, parameters);
  }

  #readOutput(): void {
    const cursor = this.#cursor;
    const outer = cursor.enter(cursor.span("outputs"), cursor.at);
    let name = "";
    let parameters: string[] | undefined;
    while (cursor.next()) {
      this.#list(1);
      if (cursor.number === 1) name = cursor.text("name");
      else if (cursor.number === 2) {
        parameters ??= [];
        parameters.push(this.#readParameter());
      } else cursor.skip();
    }
    cursor.leave(outer);
    this.#outputs.push(name);
    if (parameters !== undefined) this.#checkParameters(name, parameters);
  }

  #readShape(shape: number[]): void {
    const cursor = this.#cursor;
    if (cursor.wire !== wireType.bytes) {
      cursor.expect(wireType.varint, "shape");
      shape.push(signed64(cursor));
      return;
    }
    const outer = cursor.enter(cursor.span("shape"), cursor.at);
    while (cursor.at < cursor.end) {
      this.#list(1);
      shape.push(signed64(cursor));
    }
    cursor.leave(outer);
  }

  /** The name of a parameter; its value changes nothing here. */
  #readParameter(): string {
    const cursor = this.#cursor;
    const outer = cursor.enter(cursor.span("parameters"), cursor.at);
    let name = "";
    while (cursor.next()) {
      if (cursor.number === 1) name = cursor.text("a parameter's name");
      else cursor.skip();
    }
    cursor.leave(outer);
    return name;
  }

  #checkParameters(tensor: string, parameters: readonly string[]): void {
    for (const parameter of parameters) this.#refusedTensor ??= refuseTensor(tensor, parameter);
  }

  /** Bounds the numbers and fields of a request, each of which takes its time. */
  #list(count: number): void {
    this.#listed += count;
    if (this.#listed <= listedMax) return;
    const problem = `the request lists more than ${listedMax} elements one by one`;
    throw new Failure("invalid-argument", `${problem}: use raw_input_contents`);
  }

  #decodeInputs(): Tensor[] {
    const inputs = this.#inputs;
    const raws = this.#raw.length / 2;
    if (raws > 0 && raws !== inputs.length) {
      const expected = `${inputs.length} raw_input_contents, one for each input`;
      throw new Failure("invalid-argument", `expected ${expected}, got ${raws}`);
    }
    const tensors: Tensor[] = [];
    for (let index = 0; index < inputs.length; index += 1) {
      tensors.push(this.#decodeInput(inputs[index] as Described, index));
    }
    return tensors;
  }

  #decodeInput(input: Described, index: number): Tensor {
    const head = toHead(input, this.#bad);
    const { name, dtype, shape } = head;
    return { name, dtype, shape, data: this.#decodeData(head, input.contents, index) };
  }

  #decodeData(head: TensorHead, contents: TypedContents | undefined, index: number): TensorData {
    const from = this.#raw[index * 2];
    const end = this.#raw[index * 2 + 1] ?? 0;
    if (contents === undefined || contents.isEmpty) {
      if (from === undefined && head.elements > 0) throw invalid(head, "no data given");
      const range = { from: from ?? 0, end };
      const { bytes } = this.#cursor;
      this.#isView = this.#own && this.#inputs.length === 1 && head.dtype !== "BYTES";
      return this.#isView ? viewRaw(head, bytes, range) : decodeRaw(head, bytes, range);
    }
    if (from === undefined) return contents.decode(head);
    const problem = "typed contents must not be given together with raw_input_contents";
    throw invalid(head, problem);
  }
}

function signed64(cursor: Cursor): number {
  const low = cursor.varint() >>> 0;
  return cursor.high * high32 + low;
}

function toHead(input: Described, bad: BadElement[] | undefined): TensorHead {
  const { name, datatype, shape } = input;
  if (!isDtype(datatype)) {
    throw invalid(input, `datatype ${quote(datatype)} is not one of ${dtypes.join(", ")}`);
  }
  if (shape.length > rankMax) {
    throw invalid(input, `shape has ${shape.length} dimensions, at most ${rankMax} are served`);
  }
  // Beyond 2^53 a product is inexact but never small again: it cannot equal a length that exists.
  let elements = 1;
  let largest = 0;
  for (const dim of shape) {
    if (dim < 0) {
      throw invalid(input, `every dimension must be given, got ${formatShape(shape)}`);
    }
    elements *= dim;
    if (dim > largest) largest = dim;
  }
  if (largest > dimensionMax || elements > Number.MAX_SAFE_INTEGER) {
    throw invalid(input, `shape ${formatShape(shape)} is larger than any data that could be sent`);
  }
  if (elements === 0 && largest > emptyDimensionMax) {
    const limit = `a dimension of a tensor without elements is at most ${emptyDimensionMax}`;
    throw invalid(input, `${limit}, got ${formatShape(shape)}`);
  }
  return { name, dtype: datatype as Dtype, shape, elements, bad };
}
