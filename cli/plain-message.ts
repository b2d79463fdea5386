import type { DescEnum, DescField, DescMessage, MessageShape } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";

/**
 * A message as the JSON that `--json` prints: numbers are numbers (64-bit ones too: none here is
 * beyond 2^53), a member of an enum is its own name in lower case (`ok`, not `VERDICT_OK`), bytes
 * are hexadecimal, and nothing is left out but what is truly absent.
 */
export function toPlain<Desc extends DescMessage>(
  desc: Desc,
  message: MessageShape<Desc>,
): Record<string, unknown> {
  return plainMessage(reflect(desc, message));
}

function plainMessage(message: ReflectMessage): Record<string, unknown> {
  const present = message.fields.filter((field) => isAlwaysThere(field) || message.isSet(field));
  return Object.fromEntries(present.map((field) => [field.localName, plainField(message, field)]));
}

/** True for what has no absence: lists, maps, and scalars of which zero is just a value. */
function isAlwaysThere(field: DescField): boolean {
  if (field.fieldKind === "list" || field.fieldKind === "map") return true;
  return field.oneof === undefined && !field.proto.proto3Optional && field.fieldKind !== "message";
}

function plainField(message: ReflectMessage, field: DescField): unknown {
  switch (field.fieldKind) {
    case "scalar":
      return plainScalar(message.get(field));
    case "enum":
      return enumName(field.enum, message.get(field));
    case "message":
      return plainMessage(message.get(field));
    case "list":
      return Array.from(message.get(field), (item) =>
        field.listKind === "enum" ? enumName(field.enum, Number(item)) : plainItem(item),
      );
    case "map":
      return Object.fromEntries(
        Array.from(message.get(field), ([key, item]) => [
          String(key),
          field.mapKind === "enum" ? enumName(field.enum, Number(item)) : plainItem(item),
        ]),
      );
  }
}

function plainItem(item: unknown): unknown {
  return isMessage(item) ? plainMessage(item) : plainScalar(item);
}

function isMessage(item: unknown): item is ReflectMessage {
  return typeof item === "object" && item !== null && "desc" in item && "message" in item;
}

function plainScalar(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
}

/** `ok` for VERDICT_OK; the number where the name is not known here. */
export function enumName(desc: DescEnum, number: number): string {
  return desc.value[number]?.localName.toLowerCase() ?? String(number);
}
