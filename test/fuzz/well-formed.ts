/**
 * Whether bytes are a message by the letter of the encoding: what is nested ends where it says it
 * does, and there are no groups. The generated code is not as strict, and is no witness for bytes
 * that are not well formed.
 */
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";

type Range = { readonly bytes: Uint8Array; readonly from: number; readonly to: number };

/** Of an enum the wire has all 64 bits, of which the generated code takes the lower 32. */
const enumMax = 2 ** 31 - 1;
const wire = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;

/** How a field may be written, the largest number it may be, and what is within. */
type Shape = {
  readonly wires: readonly number[];
  readonly numberMax: number;
  readonly inner: Field | undefined;
};
/** What a field of a number is, in one kind of message; undefined for one it does not know. */
type Field = { readonly name: string; readonly at: (number: number) => Shape | undefined };

/** `onMessage` is told of every message within, and how many fields it has. */
export function isWellFormed(
  desc: DescMessage,
  bytes: Uint8Array,
  onMessage: (name: string, fields: number) => void = () => {},
): boolean {
  return walk(messageField(desc), { bytes, from: 0, to: bytes.byteLength }, onMessage);
}

function walk(
  message: Field,
  { bytes, from, to }: Range,
  onMessage: (name: string, fields: number) => void,
): boolean {
  let at = from;
  let fields = 0;
  while (at < to) {
    const tag = varint({ bytes, from: at, to });
    if (tag === undefined || tag.value >= 2 ** 32 || tag.value < 8) return false;
    const kind = tag.value % 8;
    const content = contentOf(kind, { bytes, from: tag.at, to });
    if (content === undefined) return false;
    const shape = message.at(Math.floor(tag.value / 8));
    if (shape !== undefined && !shape.wires.includes(kind)) return false;
    const number = kind === wire.varint ? (varint(content)?.value ?? 0) : 0;
    if (number > (shape?.numberMax ?? number)) return false;
    if (kind === wire.delimited && !isPacking(shape?.wires ?? [], content)) return false;
    if (shape?.inner !== undefined && !walk(shape.inner, content, onMessage)) return false;
    at = content.to;
    fields += 1;
  }
  onMessage(message.name, fields);
  return at === to;
}

function messageField(desc: DescMessage): Field {
  const at = (number: number) => {
    const field = desc.fields.find((one) => one.number === number);
    return field === undefined ? undefined : shapeOf(field);
  };
  return { name: desc.typeName, at };
}

function shapeOf(field: DescField): Shape {
  if (field.fieldKind === "message") return within(messageField(field.message));
  if (field.fieldKind === "map") return within(entryField(field));
  if (field.fieldKind === "list") {
    if (field.listKind === "message") return within(messageField(field.message));
    const single = field.listKind === "enum" ? wire.varint : wireOf(field.scalar);
    // Numbers may be packed or not.
    return shapeOfWires([wire.delimited, single]);
  }
  if (field.fieldKind !== "enum") return shapeOfWires([wireOf(field.scalar)]);
  return { ...shapeOfWires([wire.varint]), numberMax: enumMax };
}

function shapeOfWires(wires: readonly number[]): Shape {
  return { wires, numberMax: Number.POSITIVE_INFINITY, inner: undefined };
}

/** An entry of a map is a message of its key and its value. */
function entryField(field: DescField & { fieldKind: "map" }): Field {
  const value =
    field.mapKind === "message"
      ? within(messageField(field.message))
      : shapeOfWires([field.mapKind === "enum" ? wire.varint : wireOf(field.scalar)]);
  const shapes = [undefined, shapeOfWires([wireOf(field.mapKey)]), value];
  return { name: "", at: (number) => shapes[number] };
}

function within(inner: Field): Shape {
  return { ...shapeOfWires([wire.delimited]), inner };
}

function wireOf(scalar: ScalarType): number {
  switch (scalar) {
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return wire.fixed64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return wire.fixed32;
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return wire.delimited;
    default:
      return wire.varint;
  }
}

function contentOf(kind: number, range: Range): Range | undefined {
  const { bytes, from, to } = range;
  const until = (end: number, start = from) =>
    end <= to ? { bytes, from: start, to: end } : undefined;
  if (kind === wire.fixed64) return until(from + 8);
  if (kind === wire.fixed32) return until(from + 4);
  const number = varint(range);
  if (number === undefined) return undefined;
  if (kind === wire.varint) return until(number.at);
  return kind === wire.delimited ? until(number.at + number.value, number.at) : undefined;
}

/** Of what is packed, whole numbers; anything where nothing is. */
function isPacking(wires: readonly number[], content: Range): boolean {
  const bytes = content.to - content.from;
  if (wires.includes(wire.fixed32)) return bytes % 4 === 0;
  if (wires.includes(wire.fixed64)) return bytes % 8 === 0;
  return !wires.includes(wire.varint) || areVarints(content);
}

function areVarints({ bytes, from, to }: Range): boolean {
  let at: number | undefined = from;
  while (at !== undefined && at < to) at = varint({ bytes, from: at, to })?.at;
  return at === to;
}

function varint({
  bytes,
  from,
  to,
}: Range): { readonly value: number; readonly at: number } | undefined {
  let value = 0;
  for (let count = 0; count < 10 && from + count < to; count += 1) {
    const byte = bytes[from + count] ?? 0;
    value += (byte & 127) * 2 ** (7 * count);
    if (byte < 128) return { value, at: from + count + 1 };
  }
  return undefined;
}
