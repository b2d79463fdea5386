// A ModelInferResponse is measured, allocated once, and written once. What is the same in every
// reply of a model (its name, and the name and type of each output) is encoded when it is first
// needed; what is the same in every reply of a batch, when the batch's first reply is.
import type { ModelRef } from "#core/model/name.ts";
import type { Tensor } from "#core/tensor/tensor.ts";
import { joinBytes, lengthDelimited } from "../encode-fields.ts";
import { varintSize, writeVarint } from "../varint.ts";
import { encodeRaw } from "./raw.ts";

/** What a reply tells of the batch it was computed in. */
export type BatchSummary = { readonly rows: number; readonly closedBy: string };

export type InferResponse = {
  /** The caller's own id, given back as it came. */
  readonly id: string;
  readonly outputs: readonly Tensor[];
  /** Undefined to say nothing of it. */
  readonly batch?: BatchSummary | undefined;
};

type OutputHead = { readonly dtype: string; readonly bytes: Uint8Array };

const field = { id: 3, parameters: 4, outputs: 5, raw: 6 };
const shapeTag = (3 << 3) | 2;
const outputsTag = (field.outputs << 3) | 2;
const rawTag = (field.raw << 3) | 2;
const nothing = new Uint8Array(0);
/** A model's outputs are few; this bounds what a caller of `encode` could make of that. */
const headsMax = 1024;

/**
 * Encodes the replies of one model version, with every output in `raw_output_contents`, whatever
 * form the request used. The batch is told of in the parameters `sluice_batch_rows` and
 * `sluice_batch_closed_by`, which come first.
 */
export class InferResponseEncoder {
  readonly #model: Uint8Array;
  readonly #heads = new Map<string, OutputHead>();
  #batch: BatchSummary | undefined;
  #parameters: Uint8Array = nothing;

  constructor(ref: ModelRef) {
    const version = lengthDelimited(2, String(ref.version));
    this.#model = joinBytes(lengthDelimited(1, ref.model), version);
  }

  encode({ id, outputs, batch }: InferResponse): Uint8Array {
    const parameters = this.#parametersOf(batch);
    const idBytes = id === "" ? nothing : lengthDelimited(field.id, id);
    const raws = outputs.map(encodeRaw);
    let size = parameters.length + this.#model.length + idBytes.length;
    for (let index = 0; index < outputs.length; index += 1) {
      const output = outputs[index] as Tensor;
      const rawBytes = (raws[index] as Uint8Array).length;
      const bytes = this.#outputBytes(output);
      size += 2 + varintSize(bytes) + bytes + varintSize(rawBytes) + rawBytes;
    }
    const target = Buffer.allocUnsafe(size);
    let at = put(target, 0, parameters);
    at = put(target, at, this.#model);
    at = put(target, at, idBytes);
    for (const output of outputs) at = this.#writeOutput(target, at, output);
    for (const raw of raws) {
      target[at] = rawTag;
      at = put(target, writeVarint(target, at + 1, raw.length), raw);
    }
    return target;
  }

  /** Of an output's description, without its tag and length. */
  #outputBytes(output: Tensor): number {
    const head = this.#headOf(output).length;
    if (output.shape.length === 0) return head;
    const shape = shapeBytes(output.shape);
    return head + 1 + varintSize(shape) + shape;
  }

  #writeOutput(target: Uint8Array, from: number, output: Tensor): number {
    target[from] = outputsTag;
    let at = writeVarint(target, from + 1, this.#outputBytes(output));
    at = put(target, at, this.#headOf(output));
    if (output.shape.length === 0) return at;
    target[at] = shapeTag;
    at = writeVarint(target, at + 1, shapeBytes(output.shape));
    for (const dim of output.shape) at = writeVarint(target, at, dim);
    return at;
  }

  #headOf({ name, dtype }: Tensor): Uint8Array {
    const known = this.#heads.get(name);
    if (known !== undefined && known.dtype === dtype) return known.bytes;
    const bytes = joinBytes(lengthDelimited(1, name), lengthDelimited(2, dtype));
    if (this.#heads.size >= headsMax) this.#heads.clear();
    this.#heads.set(name, { dtype, bytes });
    return bytes;
  }

  #parametersOf(batch: BatchSummary | undefined): Uint8Array {
    if (batch === undefined) return nothing;
    if (batch === this.#batch) return this.#parameters;
    this.#batch = batch;
    const rows = new Uint8Array(1 + varintSize(batch.rows));
    rows[0] = 2 << 3;
    writeVarint(rows, 1, batch.rows);
    this.#parameters = joinBytes(
      parameter("sluice_batch_rows", rows),
      parameter("sluice_batch_closed_by", lengthDelimited(3, batch.closedBy)),
    );
    return this.#parameters;
  }
}

function parameter(name: string, choice: Uint8Array): Uint8Array {
  const entry = joinBytes(lengthDelimited(1, name), lengthDelimited(2, choice));
  return lengthDelimited(field.parameters, entry);
}

function shapeBytes(shape: readonly number[]): number {
  let bytes = 0;
  for (const dim of shape) bytes += varintSize(dim);
  return bytes;
}

/** A loop beats the fixed cost of `set` for what is short. */
function put(target: Uint8Array, at: number, bytes: Uint8Array): number {
  const { length } = bytes;
  if (length > 64) target.set(bytes, at);
  else for (let index = 0; index < length; index += 1) target[at + index] = bytes[index] as number;
  return at + length;
}
