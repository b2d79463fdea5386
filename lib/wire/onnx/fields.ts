import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/**
 * One field of an encoded message: where it lies, and for messages, texts and bytes what it holds.
 */
export type Field = {
  readonly number: number;
  /** Of the whole field, tag and length included. */
  readonly start: number;
  readonly end: number;
  /** A view, not a copy; undefined for numbers. */
  readonly content: Uint8Array | undefined;
  /** 0 for anything but a plain integer below 2³². */
  readonly integer: number;
};

/**
 * Walks over the fields of a message without decoding what is in them, so that gigabytes of weights
 * cost nothing. Throws a RangeError where the bytes are no message.
 */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, wireType] = reader.tag();
    let content: Uint8Array | undefined;
    let integer = 0;
    if (wireType === WireType.LengthDelimited) {
      content = reader.bytes();
    } else if (wireType === WireType.Varint) {
      integer = Number(reader.uint64());
    } else {
      reader.skip(wireType, number);
      if (reader.pos > reader.len) throw new RangeError("premature end of message");
    }
    yield { number, start, end: reader.pos, content, integer };
  }
}

/** The tag and length that come before `bytes` of a message, text or bytes in field `number`. */
export function lengthPrefix(number: number, bytes: number): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).uint32(bytes).finish();
}
