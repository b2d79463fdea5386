import { assert } from "#core/assert.ts";
import { Failure } from "#core/failure.ts";
import { quote } from "#core/quote.ts";
import {
  copyPacked,
  type Dtype,
  elementBytes,
  packedBytes,
  type TensorData,
  viewPacked,
} from "#core/tensor/dtype.ts";
import { formatShape, type Tensor } from "#core/tensor/tensor.ts";
import { decodeText } from "../decode-text.ts";

/** A tensor whose data has not been decoded yet; `elements` is the product of `shape`. */
export type TensorHead = {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly elements: number;
  /**
   * Takes note of elements that are no values of the type; what stands in their places then means
   * nothing. Where it is not given the first of them is thrown.
   */
  readonly bad?: BadElement[] | undefined;
};

/** An element that is no value of the data type of its input, and why. */
export type BadElement = {
  readonly input: string;
  readonly index: number;
  readonly problem: string;
};

const lengthBytes = 4;
/** Of the inputs of a request; the next one is thrown. */
const badElementsMax = 65_536;

/** A range of the bytes of a message. */
export type ByteRange = { readonly from: number; readonly end: number };

/**
 * The values of one entry of `raw_input_contents`, in arrays of their own whatever the alignment of
 * the bytes. Throws an invalid-argument Failure unless the bytes are exactly what the head
 * announces; nothing is allocated before that is known.
 */
export function decodeRaw(
  head: TensorHead,
  bytes: Uint8Array,
  { from, end }: ByteRange,
): TensorData {
  if (head.dtype === "BYTES") return decodeTexts(head, bytes.subarray(from, end));
  checkRaw(head, bytes, { from, end });
  return copyPacked(head.dtype, bytes, from, end);
}

/**
 * The numbers where they are: they are moved down a few bytes to where their size divides their
 * place, over what came before them. The bytes begin where their memory does. Fails like
 * `decodeRaw`; not for BYTES.
 */
export function viewRaw(head: TensorHead, bytes: Uint8Array, { from, end }: ByteRange): TensorData {
  assert(head.dtype !== "BYTES" && bytes.byteOffset === 0, "numbers in memory of their own");
  checkRaw(head, bytes, { from, end });
  const byteOffset = from - (from % elementBytes(head.dtype));
  if (byteOffset < from) bytes.copyWithin(byteOffset, from, end);
  const { buffer } = bytes;
  return viewPacked(head.dtype, { buffer, byteOffset, length: head.elements });
}

/** Throws an invalid-argument Failure unless the bytes are the numbers the head announces. */
export function checkRaw(head: TensorHead, bytes: Uint8Array, { from, end }: ByteRange): void {
  const expected = head.elements * elementBytes(head.dtype);
  if (end - from !== expected) {
    throw invalid(head, `expected ${expected} bytes for ${describe(head)}, got ${end - from}`);
  }
  if (head.dtype === "BOOL") checkBooleans(head, bytes, { from, end });
}

/** One element of a BYTES tensor as text. What is not UTF-8 or holds a NUL is a bad element. */
export function decodeElement(
  head: TensorHead,
  bytes: Uint8Array,
  { from, end, index }: ByteRange & { readonly index: number },
): string {
  const text = decodeText(bytes, from, end);
  // ONNX Runtime's binding would cut the text at a NUL without a word.
  if (text !== undefined && !text.includes("\0")) return text;
  const problem = text === undefined ? "is not valid UTF-8" : "contains a NUL character";
  refuseElement(head, index, `element ${index} ${problem}`);
  return "";
}

/** Takes note of a bad element, or throws an invalid-argument Failure. */
export function refuseElement({ name, bad }: TensorHead, index: number, problem: string): void {
  if (bad === undefined || bad.length >= badElementsMax) throw invalid({ name }, problem);
  bad.push({ input: name, index, problem });
}

/** The bytes of a tensor as `raw_output_contents` carries them; numbers are not copied. */
export function encodeRaw(tensor: Tensor): Uint8Array {
  const { data } = tensor;
  if (!Array.isArray(data)) return packedBytes(data);
  const encoder = new TextEncoder();
  const texts = data.map((text) => encoder.encode(text));
  const size = texts.reduce((sum, text) => sum + lengthBytes + text.byteLength, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const text of texts) {
    view.setUint32(offset, text.byteLength, true);
    bytes.set(text, offset + lengthBytes);
    offset += lengthBytes + text.byteLength;
  }
  return bytes;
}

/** `FP32 [3,4]`, as messages name what a tensor claims to be. */
export function describe(head: TensorHead): string {
  return `${head.dtype} ${formatShape(head.shape)}`;
}

/** The Failure of one input: every message names it first. */
export function invalid(head: { readonly name: string }, problem: string): Failure {
  return new Failure("invalid-argument", `input ${quote(head.name)}: ${problem}`);
}

function decodeTexts(head: TensorHead, bytes: Uint8Array): string[] {
  const expectedMin = head.elements * lengthBytes;
  if (bytes.byteLength < expectedMin) {
    const need = `${describe(head)} needs at least ${expectedMin}`;
    throw invalid(head, `${need} bytes for its lengths, got ${bytes.byteLength}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let offset = 0;
  for (let index = 0; index < head.elements; index += 1) {
    const left = bytes.byteLength - offset - lengthBytes;
    if (left < 0) throw invalid(head, `data ends before element ${index} of ${head.elements}`);
    const length = view.getUint32(offset, true);
    if (length > left) {
      throw invalid(head, `element ${index} says it has ${length} bytes, ${left} are left`);
    }
    offset += lengthBytes;
    texts.push(decodeElement(head, bytes, { from: offset, end: offset + length, index }));
    offset += length;
  }
  if (offset !== bytes.byteLength) {
    const rest = bytes.byteLength - offset;
    throw invalid(head, `${rest} bytes follow the last of ${head.elements} elements`);
  }
  return texts;
}

function checkBooleans(head: TensorHead, bytes: Uint8Array, { from, end }: ByteRange): void {
  for (let at = from; at < end; at += 1) {
    if ((bytes[at] as number) <= 1) continue;
    const index = at - from;
    refuseElement(head, index, `a BOOL is 0 or 1, but element ${index} is ${bytes[at]}`);
  }
}
