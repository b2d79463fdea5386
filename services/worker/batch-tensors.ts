import { type RowRange, sliceAll } from "#core/batching/split.ts";
import { Failure } from "#core/failure.ts";
import { formatShape, stackRows, type Tensor } from "#core/tensor/tensor.ts";

/** What of a batch's member its tensors are made of. */
export type BatchMember = { readonly range: RowRange; readonly inputs: readonly Tensor[] };

/**
 * The inputs of all members, one below the other, in memory that may be taken. What belongs to one
 * member alone is copied: its values are still wanted for its event, and should its batch fail.
 */
export function stackInputs(members: readonly BatchMember[]): Tensor[] {
  const [first] = members;
  if (first === undefined) return [];
  if (members.length === 1) return first.inputs.map(copy);
  return first.inputs.map((_, index) =>
    stackRows(members.flatMap(({ inputs }) => inputs.slice(index, index + 1))),
  );
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

function copy(tensor: Tensor): Tensor {
  const { data } = tensor;
  return Array.isArray(data) ? tensor : { ...tensor, data: data.slice() };
}
