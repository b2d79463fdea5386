/**
 * What both directions of a link have in common: messages of frames, and the frames that are not
 * the beginnings of payloads. They are written and read by hand, since protobuf-es spends on a
 * frame several times what everything else about it costs; `link.proto` says what they are, and
 * tests hold the two together.
 */
import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { Failure, messageOf } from "#core/failure.ts";
import type { OutboxFrame } from "#core/link/outbox.ts";
import type { Cursor } from "./cursor.ts";
import {
  contentSize,
  FieldWriter,
  flagSize,
  numberSize,
  packedSize,
  withinSize,
} from "./field-writer.ts";

/** Frame numbers of `GatewayFrame` and `WorkerFrame`; `ids` is a Cancel or a Started. */
export const frameNumber = {
  hello: 1,
  begin: 2,
  chunk: 3,
  end: 4,
  ids: 5,
  credit: 6,
  keep: 7,
  load: 7,
  goodbye: 8,
} as const;

/** The encoded frame of something that carries no payload. */
export type ControlFrame = Uint8Array;

export type Ids = { readonly ids: readonly number[] };

export type Credit = {
  readonly requests: number;
  readonly requestBytes: number;
  readonly chunkBytes: number;
};

/** Numbers of the wire's 64 bits, of which 53 are ever used. */
export type CreditInit = { readonly [Key in keyof Credit]?: number | bigint };

export type Chunk = { readonly id: number; readonly data: Uint8Array };
export type End = { readonly id: number; readonly aborted: boolean };

/** How the beginning of a payload is written. */
export type BeginCodec<Header> = {
  readonly size: (begin: Begin<Header>) => number;
  readonly write: (writer: FieldWriter, begin: Begin<Header>) => void;
};

export type Begin<Header> = OutboxFrame<ControlFrame, Header> & { readonly kind: "begin" };

/** Far more than a link ever has under way; each takes but a byte on the wire. */
const idsMax = 65_536;
const nothing = new Uint8Array();

/** Where a message of so many bytes is to be written. */
export type MessageMemory = (bytes: number) => Buffer;

/** One message of these frames, in order; in a buffer of its own unless there is `memory`. */
export function encodeFrames<Header>(
  frames: readonly OutboxFrame<ControlFrame, Header>[],
  codec: BeginCodec<Header>,
  memory?: MessageMemory,
): Uint8Array {
  const sizes: number[] = [];
  let total = 0;
  for (const frame of frames) {
    const size = valueSize(frame, codec);
    sizes.push(size);
    total += withinSize(frame.kind === "control" ? size : withinSize(size));
  }
  const writer = new FieldWriter(total, memory?.(total));
  for (const [index, frame] of frames.entries()) {
    writeFrame(writer, frame, { size: sizes[index] ?? 0, codec });
  }
  return writer.finish();
}

function valueSize<Header>(
  frame: OutboxFrame<ControlFrame, Header>,
  codec: BeginCodec<Header>,
): number {
  switch (frame.kind) {
    case "control":
      return frame.frame.byteLength;
    case "begin":
      return codec.size(frame);
    case "chunk":
      return numberSize(frame.id) + contentSize(frame.data);
    case "end":
      return numberSize(frame.id) + flagSize(frame.aborted);
  }
}

function writeFrame<Header>(
  writer: FieldWriter,
  frame: OutboxFrame<ControlFrame, Header>,
  { size, codec }: { readonly size: number; readonly codec: BeginCodec<Header> },
): void {
  if (frame.kind === "control") {
    writer.begin(1, size);
    writer.raw(frame.frame);
    return;
  }
  writer.begin(1, withinSize(size));
  writer.begin(frameNumber[frame.kind], size);
  switch (frame.kind) {
    case "begin":
      codec.write(writer, frame);
      break;
    case "chunk":
      writer.number(1, frame.id);
      writer.content(2, frame.data);
      break;
    case "end":
      writer.number(1, frame.id);
      writer.flag(2, frame.aborted);
      break;
  }
}

export function idsFrame({ ids }: Ids): ControlFrame {
  const numbers = packedSize(ids);
  const size = ids.length === 0 ? 0 : withinSize(numbers);
  const writer = new FieldWriter(withinSize(size));
  writer.begin(frameNumber.ids, size);
  writer.packed(1, ids, numbers);
  return writer.finish();
}

export function creditFrame(credit: CreditInit): ControlFrame {
  const requests = Number(credit.requests ?? 0);
  const requestBytes = Number(credit.requestBytes ?? 0);
  const chunkBytes = Number(credit.chunkBytes ?? 0);
  const size = numberSize(requests) + numberSize(requestBytes) + numberSize(chunkBytes);
  const writer = new FieldWriter(withinSize(size));
  writer.begin(frameNumber.credit, size);
  writer.number(1, requests);
  writer.number(2, requestBytes);
  writer.number(3, chunkBytes);
  return writer.finish();
}

/** Comes to each frame of a message: the cursor stands at the fields of a frame. */
export function readFrames(cursor: Cursor, readFrame: (cursor: Cursor) => void): void {
  while (cursor.next()) {
    if (cursor.number !== 1) {
      cursor.skip();
      continue;
    }
    const outer = cursor.open("a frame");
    while (cursor.next()) readFrame(cursor);
    cursor.leave(outer);
  }
}

/** The value of a frame that is too rare to be read by hand. */
export function readRare<Desc extends DescMessage>(desc: Desc, cursor: Cursor): MessageShape<Desc> {
  const bytes = cursor.content(desc.name);
  try {
    return fromBinary(desc, bytes, { readUnknownFields: false });
  } catch (error) {
    const problem = `a frame is not a ${desc.name}: ${messageOf(error)}`;
    throw new Failure("invalid-argument", problem, { cause: error });
  }
}

export function readIds(cursor: Cursor): Ids {
  const ids: number[] = [];
  const outer = cursor.open("ids");
  while (cursor.next()) {
    if (cursor.number === 1) cursor.integers("ids", ids, idsMax);
    else cursor.skip();
  }
  cursor.leave(outer);
  return { ids };
}

export function readCredit(cursor: Cursor): Credit {
  let [requests, requestBytes, chunkBytes] = [0, 0, 0];
  const outer = cursor.open("a credit");
  while (cursor.next()) {
    if (cursor.number === 1) requests = cursor.integer("requests");
    else if (cursor.number === 2) requestBytes = cursor.integer("request_bytes");
    else if (cursor.number === 3) chunkBytes = cursor.integer("chunk_bytes");
    else cursor.skip();
  }
  cursor.leave(outer);
  return { requests, requestBytes, chunkBytes };
}

export function readChunk(cursor: Cursor): Chunk {
  let id = 0;
  let data: Uint8Array = nothing;
  const outer = cursor.open("a chunk");
  while (cursor.next()) {
    if (cursor.number === 1) id = cursor.integer("id");
    else if (cursor.number === 2) data = cursor.content("data");
    else cursor.skip();
  }
  cursor.leave(outer);
  return { id, data };
}

export function readEnd(cursor: Cursor): End {
  let id = 0;
  let aborted = false;
  const outer = cursor.open("an end");
  while (cursor.next()) {
    if (cursor.number === 1) id = cursor.integer("id");
    else if (cursor.number === 2) aborted = cursor.flag("aborted");
    else cursor.skip();
  }
  cursor.leave(outer);
  return { id, aborted };
}
