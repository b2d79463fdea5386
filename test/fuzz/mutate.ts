/** Changes bytes the way broken and hostile senders do; every draw comes from outside. */
import type { Draw } from "#core/random.ts";

/** Lengths and numbers at the edges of what a protobuf may say. */
const edges: readonly Uint8Array[] = [
  Uint8Array.of(0),
  Uint8Array.of(0x7f),
  Uint8Array.of(0x80, 0x00),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x07),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
  Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80),
];
const changesMax = 4;
const repeatsMax = 64;

export type Corpus = readonly Uint8Array[];

/** One of the corpus with a few changes; at most `bytesMax` long. */
export function mutate(corpus: Corpus, draw: Draw, bytesMax: number): Uint8Array {
  let bytes = pick(corpus, draw);
  const changes = 1 + integer(draw, changesMax);
  for (let count = 0; count < changes; count += 1) {
    bytes = pick(mutations, draw)(bytes, draw, corpus);
  }
  return bytes.byteLength > bytesMax ? bytes.slice(0, bytesMax) : bytes;
}

type Mutation = (bytes: Uint8Array, draw: Draw, corpus: Corpus) => Uint8Array;

const mutations: readonly Mutation[] = [
  function flipBit(bytes, draw) {
    return setByte(bytes, draw, (byte) => byte ^ (1 << integer(draw, 8)));
  },
  function replaceByte(bytes, draw) {
    return setByte(bytes, draw, () => integer(draw, 256));
  },
  function cutShort(bytes, draw) {
    return bytes.slice(0, integer(draw, bytes.byteLength + 1));
  },
  function remove(bytes, draw) {
    const [from, to] = range(bytes, draw);
    return join(bytes.subarray(0, from), bytes.subarray(to));
  },
  function repeat(bytes, draw) {
    const [from, to] = range(bytes, draw);
    const copies = new Array(1 + integer(draw, repeatsMax)).fill(bytes.subarray(from, to));
    return join(bytes.subarray(0, to), ...copies, bytes.subarray(to));
  },
  function insertEdge(bytes, draw) {
    const at = integer(draw, bytes.byteLength + 1);
    return join(bytes.subarray(0, at), pick(edges, draw), bytes.subarray(at));
  },
  function replaceByEdge(bytes, draw) {
    const at = integer(draw, bytes.byteLength + 1);
    return join(bytes.subarray(0, at), pick(edges, draw), bytes.subarray(at + 1));
  },
  function splice(bytes, draw, corpus) {
    const other = pick(corpus, draw);
    const [from, to] = range(other, draw);
    const at = integer(draw, bytes.byteLength + 1);
    return join(bytes.subarray(0, at), other.subarray(from, to), bytes.subarray(at));
  },
  function wrap(bytes, draw) {
    // A field of any number that holds all the rest, as nesting does.
    const field = ((1 + integer(draw, 15)) << 3) | 2;
    return join(Uint8Array.of(field), varint(bytes.byteLength), bytes);
  },
  function add(bytes, draw) {
    const field = ((1 + integer(draw, 15)) << 3) | integer(draw, 8);
    return join(bytes, Uint8Array.of(field, integer(draw, 256)));
  },
];

function setByte(bytes: Uint8Array, draw: Draw, change: (byte: number) => number): Uint8Array {
  if (bytes.byteLength === 0) return bytes;
  const changed = bytes.slice();
  const at = integer(draw, changed.byteLength);
  changed[at] = change(changed[at] ?? 0);
  return changed;
}

function range(bytes: Uint8Array, draw: Draw): readonly [number, number] {
  const from = integer(draw, bytes.byteLength + 1);
  const lengthMax = Math.min(bytes.byteLength - from, 1 + integer(draw, 32));
  return [from, from + lengthMax];
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) | 128);
  return Uint8Array.of(...bytes, left);
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

function pick<T>(from: readonly T[], draw: Draw): T {
  const one = from[integer(draw, from.length)];
  if (one === undefined) throw new Error("there is nothing to pick from");
  return one;
}

/** From 0 up to but not including `below`. */
function integer(draw: Draw, below: number): number {
  return Math.floor(draw() * below);
}
