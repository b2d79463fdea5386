import { copyPacked, packedBytes } from "#core/tensor/dtype.ts";
import type { Tensor } from "#core/tensor/tensor.ts";

/**
 * Tensors whose numbers can be moved to another thread instead of being copied: each array spans a
 * buffer of its own. Views into something larger are copied here, since posting one would copy the
 * whole of it.
 */
export function toMovable(tensors: readonly Tensor[]): Tensor[] {
  const taken = new Set<ArrayBufferLike>();
  return tensors.map((tensor) => {
    const { dtype, data } = tensor;
    if (dtype === "BYTES" || Array.isArray(data)) return tensor;
    const isWhole =
      data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength;
    if (isWhole && !taken.has(data.buffer)) {
      taken.add(data.buffer);
      return tensor;
    }
    return { ...tensor, data: copyPacked(dtype, packedBytes(data)) };
  });
}

/** The buffers to name in the transfer list of movable tensors. */
export function buffersOf(tensors: readonly Tensor[]): ArrayBuffer[] {
  return tensors.flatMap(({ data }) =>
    Array.isArray(data) || !(data.buffer instanceof ArrayBuffer) ? [] : [data.buffer],
  );
}
