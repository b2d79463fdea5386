import { type RowRange, sliceAll } from "#core/batching/split.ts";
import { Failure } from "#core/failure.ts";
import { type SlabPool, slabBytesMin } from "#core/slab-pool.ts";
import { type Dtype, elementBytes, viewPacked } from "#core/tensor/dtype.ts";
import { formatShape, stackRows, type Tensor } from "#core/tensor/tensor.ts";

/** What of a batch's member its tensors are made of. */
export type BatchMember = {
  readonly range: RowRange;
  readonly inputs: readonly Tensor[];
  /** What its only input is in, and nothing else is; undefined where that is not known. */
  readonly memory?: ArrayBuffer | undefined;
};

/** The inputs of a batch in memory that may be taken. */
export type BatchInputs = {
  readonly inputs: readonly Tensor[];
  /** All that their numbers are in. */
  readonly buffers: readonly ArrayBuffer[];
  /** Whether the memory is wanted back. */
  readonly comesBack: boolean;
  /** True where it is the member's own: its tensors are empty until it has come back. */
  readonly isMoved: boolean;
};

/** Where one tensor's numbers begin in a slab: what every vector unit is content with. */
const alignmentBytes = 64;

/**
 * The inputs of all members, one below the other. A member by itself whose numbers are many and
 * span buffers of their own gives those. Everything else is copied into one slab.
 */
export function assembleInputs(
  members: readonly BatchMember[],
  slabs: SlabPool,
  mayMove: boolean = true,
): BatchInputs {
  const [first] = members;
  if (first === undefined) return { inputs: [], buffers: [], comesBack: false, isMoved: false };
  let bytes = 0;
  for (const { inputs } of members) {
    for (const { data } of inputs) bytes += Array.isArray(data) ? 0 : data.byteLength;
  }
  const comesBack = bytes >= slabBytesMin;
  const isSingle = mayMove && comesBack && members.length === 1;
  const own = isSingle ? ownBuffers(first) : undefined;
  if (own !== undefined) return { inputs: first.inputs, buffers: own, comesBack, isMoved: true };
  const needed = bytes + first.inputs.length * alignmentBytes;
  const slab = comesBack ? slabs.take(needed) : new ArrayBuffer(needed);
  let offset = 0;
  const inputs = first.inputs.map(({ dtype }, index) => {
    const parts = members.map((member) => member.inputs[index] as Tensor);
    if (dtype === "BYTES") return stackRows(parts);
    const stacked = stackInto(slab, offset, { dtype, parts });
    offset +=
      Math.ceil((stacked.data.length * elementBytes(dtype)) / alignmentBytes) * alignmentBytes;
    return stacked;
  });
  return { inputs, buffers: [slab], comesBack, isMoved: false };
}

/** What was moved, in the buffers it has come back in. */
export function rebuildInputs(
  places: readonly TensorPlace[],
  buffers: readonly ArrayBuffer[],
): Tensor[] {
  let next = 0;
  return places.map(({ tensor, byteOffset, length }) => {
    const { name, dtype, shape, data } = tensor;
    if (dtype === "BYTES" || Array.isArray(data)) return tensor;
    const buffer = buffers[next];
    next += 1;
    if (buffer === undefined) throw new Failure("internal", `input ${name} did not come back`);
    return { name, dtype, shape, data: viewPacked(dtype, { buffer, byteOffset, length }) };
  });
}

/** A tensor and where its numbers were in its buffer, which is forgotten when that is moved. */
export type TensorPlace = {
  readonly tensor: Tensor;
  readonly byteOffset: number;
  readonly length: number;
};

export function placesOf(tensors: readonly Tensor[]): TensorPlace[] {
  return tensors.map((tensor) => {
    const { data } = tensor;
    const byteOffset = Array.isArray(data) ? 0 : data.byteOffset;
    return { tensor, byteOffset, length: data.length };
  });
}

/**
 * The rows of each member in the outputs of its batch. What was true of the probe's batches is
 * checked for every one: rows in are rows out. Throws an internal Failure where they are not.
 */
export function sliceOutputs(
  outputs: readonly Tensor[],
  members: readonly BatchMember[],
): Tensor[][] {
  const rows = members.reduce((sum, { range }) => sum + range.to - range.from, 0);
  const wrong = outputs.find(({ shape }) => shape[0] !== rows);
  if (wrong !== undefined) {
    const shape = formatShape(wrong.shape);
    throw new Failure("internal", `output ${wrong.name} has shape ${shape} for ${rows} rows`);
  }
  let from = 0;
  return members.map(({ range }) => {
    const to = from + range.to - range.from;
    const mine = sliceAll(outputs, { from, to });
    from = to;
    return mine;
  });
}

/** One buffer for each tensor of numbers; undefined where some are part of something larger. */
function ownBuffers({ inputs, memory }: BatchMember): readonly ArrayBuffer[] | undefined {
  if (memory !== undefined) return [memory];
  const buffers: ArrayBuffer[] = [];
  for (const { data } of inputs) {
    if (Array.isArray(data)) continue;
    const { buffer, byteLength } = data;
    const isOwn = buffer instanceof ArrayBuffer && byteLength === buffer.byteLength;
    if (!isOwn || buffers.includes(buffer)) return undefined;
    buffers.push(buffer);
  }
  return buffers;
}

function stackInto(
  slab: ArrayBuffer,
  byteOffset: number,
  { dtype, parts }: { readonly dtype: Exclude<Dtype, "BYTES">; readonly parts: readonly Tensor[] },
): Tensor {
  const [first] = parts as [Tensor, ...Tensor[]];
  let length = 0;
  let rows = 0;
  for (const { data, shape } of parts) {
    length += data.length;
    rows += shape[0] ?? 0;
  }
  const stacked = viewPacked(dtype, { buffer: slab, byteOffset, length });
  let at = 0;
  for (const { data } of parts) {
    // One data type has one kind of array.
    (stacked as Uint8Array).set(data as Uint8Array, at);
    at += data.length;
  }
  const shape = parts.length === 1 ? first.shape : [rows, ...first.shape.slice(1)];
  return { name: first.name, dtype, shape, data: stacked };
}
