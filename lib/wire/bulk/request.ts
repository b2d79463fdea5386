/**
 * Reads the messages a client sends on a bulk stream. The rows of an item stay the bytes they are:
 * an encoded PredictRequest or ModelInferRequest, which goes to a worker as it came.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { Failure, messageOf } from "#core/failure.ts";
import { type BulkOpen, BulkOpenSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import { Cursor } from "../cursor.ts";

/** `columns` is a PredictRequest, `tensors` a ModelInferRequest. */
export type BulkForm = "columns" | "tensors";

export type BulkItem = {
  readonly number: number;
  /** Undefined where the item has no rows at all. */
  readonly form: BulkForm | undefined;
  /** A view of the message. */
  readonly payload: Uint8Array;
};

export type BulkMessage =
  | { readonly kind: "open"; readonly open: BulkOpen }
  | { readonly kind: "item"; readonly item: BulkItem };

const openBytesMax = 64 * 1024;
/** Of the two outer messages, known or not; what is inside has the limits of the scanner. */
const fieldsMax = 1_024;
const unknownBytesMax = 64 * 1024;
const nothing = new Uint8Array();
const notProtobuf = "the message is not a valid protobuf message";

/**
 * One encoded PredictBulkRequest. Throws a Failure `invalid-argument` that names what is wrong with
 * the message; what is wrong inside an item is not looked at.
 */
export function readBulkRequest(bytes: Uint8Array): BulkMessage {
  const choice = new Choice<"open" | "item">();
  const cursor = new Cursor(bytes, notProtobuf);
  for (let from = 0; cursor.next(); from = cursor.at) {
    if (cursor.number === 1) choice.add("open", cursor.content("open"));
    else if (cursor.number === 2) choice.add("item", cursor.content("item"));
    else choice.skip(cursor, from);
  }
  const { kind, bytes: inside } = choice;
  if (kind === "open") return { kind, open: readOpen(inside) };
  if (kind === "item") return { kind, item: readItem(inside) };
  throw new Failure("invalid-argument", "a message of a bulk stream is an open or an item");
}

function readOpen(bytes: Uint8Array): BulkOpen {
  if (bytes.byteLength > openBytesMax) {
    const size = `${bytes.byteLength} bytes, at most ${openBytesMax}`;
    throw new Failure("invalid-argument", `the open of a bulk stream has ${size}`);
  }
  try {
    return fromBinary(BulkOpenSchema, bytes, { readUnknownFields: false });
  } catch (error) {
    const problem = `the message is not a BulkOpen: ${messageOf(error)}`;
    throw new Failure("invalid-argument", problem, { cause: error });
  }
}

function readItem(bytes: Uint8Array): BulkItem {
  const choice = new Choice<BulkForm>();
  let number = 0;
  const cursor = new Cursor(bytes, notProtobuf);
  for (let from = 0; cursor.next(); from = cursor.at) {
    if (cursor.number === 1) {
      number = cursor.integer("number");
      choice.count();
    } else if (cursor.number === 2) choice.add("columns", cursor.content("columns"));
    else if (cursor.number === 3) choice.add("tensors", cursor.content("tensors"));
    else choice.skip(cursor, from);
  }
  return { number, form: choice.kind, payload: choice.bytes };
}

/**
 * The member of a oneof that is set in the end: the last one, of which the pieces that follow each
 * other without another in between are one message.
 */
class Choice<Kind extends string> {
  kind: Kind | undefined;
  #pieces: Uint8Array[] = [];
  #fields = 0;
  #unknownBytes = 0;

  /** Of the member that is set. */
  get bytes(): Uint8Array {
    const [first = nothing] = this.#pieces;
    return this.#pieces.length > 1 ? Buffer.concat(this.#pieces) : first;
  }

  add(kind: Kind, bytes: Uint8Array): void {
    this.count();
    if (this.kind !== kind) this.#pieces = [];
    this.kind = kind;
    this.#pieces.push(bytes);
  }

  /** Passes over a field that is not known. */
  skip(cursor: Cursor, from: number): void {
    this.count();
    cursor.skip();
    this.#unknownBytes += cursor.at - from;
    if (this.#unknownBytes > unknownBytesMax) refuse(`${unknownBytesMax} bytes of unknown fields`);
  }

  count(): void {
    this.#fields += 1;
    if (this.#fields > fieldsMax) refuse(`${fieldsMax} fields`);
  }
}

function refuse(limit: string): never {
  throw new Failure("invalid-argument", `a message of a bulk stream has more than ${limit}`);
}
