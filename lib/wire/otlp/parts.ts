// A request of a few megabytes can hold millions of empty messages, each of which becomes an object
// of some hundred bytes: that would take seconds and all memory there is. So parts are counted,
// which is fast, before a request is decoded.
import type { DescMessage } from "@bufbuild/protobuf";
import { Failure } from "#core/failure.ts";
import { TracesRequestSchema } from "#gen/opentelemetry/trace_pb.ts";
import { Cursor, wireType } from "../cursor.ts";

// 512 spans, which is what exporters send at once, of 100 attributes each are 102 400 messages.
const partsMax = 250_000;
// A message of JSON has about four: an attribute is two objects, each with a comma or so.
const jsonPartsMax = 4 * partsMax;

/**
 * Throws a Failure `invalid-argument` for a traces request in protobuf of more than 250 000
 * messages.
 */
export function requireFewParts(bytes: Uint8Array): void {
  const cursor = new Cursor(bytes);
  const open = [{ desc: TracesRequestSchema as DescMessage, from: 0, end: bytes.byteLength }];
  let parts = 0;
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    const { desc, from, end } = part;
    cursor.enter(from, end);
    while (cursor.next()) {
      const inner = cursor.wire === wireType.bytes ? innerOf(desc, cursor.number) : undefined;
      if (inner === undefined) {
        cursor.skip();
        continue;
      }
      parts += 1;
      if (parts > partsMax) throw tooMany(partsMax, "parts");
      open.push({ desc: inner, from: cursor.span(inner.name), end: cursor.at });
    }
  }
}

/** Throws a Failure `invalid-argument` for JSON text of more than 1 000 000 values. */
export function requireFewJsonParts(text: string): void {
  let parts = 0;
  let isInText = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (isInText) {
      if (char === backslash) at += 1;
      else if (char === quotationMark) isInText = false;
    } else if (char === quotationMark) isInText = true;
    else if (char === comma || char === brace || char === bracket) parts += 1;
  }
  if (parts > jsonPartsMax) throw tooMany(jsonPartsMax, "values");
}

const [quotationMark, comma, bracket, backslash, brace] = [0x22, 0x2c, 0x5b, 0x5c, 0x7b];

const innerMessages = new Map<DescMessage, ReadonlyMap<number, DescMessage>>();

/** The message a field holds; undefined where it holds none. */
function innerOf(desc: DescMessage, number: number): DescMessage | undefined {
  let fields = innerMessages.get(desc);
  if (fields === undefined) {
    fields = new Map(
      desc.fields.flatMap((field) =>
        "message" in field && field.message !== undefined ? [[field.number, field.message]] : [],
      ),
    );
    innerMessages.set(desc, fields);
  }
  return fields.get(number);
}

function tooMany(max: number, what: string): Failure {
  return new Failure("invalid-argument", `it has more than ${max} ${what}`);
}
