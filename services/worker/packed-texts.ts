// Texts on their way from one thread to another. Received as an array, a million of them would hold
// the receiving thread up for as long as it takes to make them; packed, it makes them in turns.
import type { Tensor } from "#core/tensor/tensor.ts";

/** Some texts one behind the other, and the length of each in UTF-16 units. */
export type TextPiece = { readonly joined: string; readonly lengths: Uint32Array<ArrayBuffer> };

/** A tensor without its texts, if it is one of texts, and those. */
export type PackedTensor = {
  readonly tensor: Tensor;
  readonly pieces: readonly TextPiece[] | undefined;
};

/** As many are unpacked in about a millisecond. */
const pieceTexts = 16_384;
const noTexts: readonly string[] = [];

export function packTexts(tensor: Tensor): PackedTensor {
  if (tensor.dtype !== "BYTES" || !Array.isArray(tensor.data)) return { tensor, pieces: undefined };
  const pieces: TextPiece[] = [];
  const texts = tensor.data;
  for (let from = 0; from < texts.length; from += pieceTexts) {
    const some = texts.slice(from, from + pieceTexts);
    const lengths = Uint32Array.from(some, (text) => text.length);
    pieces.push({ joined: some.join(""), lengths });
  }
  return { tensor: { ...tensor, data: [...noTexts] }, pieces };
}

/** Goes on after every piece, so that the caller can let others have their turns. */
export function* unpackTexts(packed: readonly PackedTensor[]): Generator<void, Tensor[], void> {
  const tensors: Tensor[] = [];
  for (const { tensor, pieces } of packed) {
    if (pieces === undefined) {
      tensors.push(tensor);
      continue;
    }
    const texts: string[] = [];
    for (const piece of pieces) {
      appendTexts(texts, piece);
      yield;
    }
    tensors.push({ name: tensor.name, dtype: "BYTES", shape: tensor.shape, data: texts });
  }
  return tensors;
}

function appendTexts(texts: string[], { joined, lengths }: TextPiece): void {
  let from = 0;
  for (const length of lengths) {
    texts.push(joined.slice(from, from + length));
    from += length;
  }
}
