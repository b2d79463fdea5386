/** The messages of `grpc.health.v1`, which are too small to be worth a library. */
import { Cursor } from "./cursor.ts";
import { FieldWriter, numberSize, textSize, withinSize } from "./field-writer.ts";

/** Its places are the numbers on the wire. */
const statuses = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;

export type HealthStatus = (typeof statuses)[number];
export type HealthRequest = { readonly service: string };
export type HealthReply = { readonly status: HealthStatus };
export type HealthList = { readonly statuses: ReadonlyMap<string, HealthStatus> };

const serviceField = 1;
const statusField = 1;
const statusesField = 1;
const entryFields = { key: 1, value: 2 };

/** Throws a Failure `invalid-argument` for what is no HealthCheckRequest. */
export function readHealthRequest(bytes: Uint8Array): HealthRequest {
  const cursor = new Cursor(bytes);
  let service = "";
  while (cursor.next()) {
    if (cursor.number === serviceField) service = cursor.text("service");
    else cursor.skip();
  }
  return { service };
}

export function writeHealthReply({ status }: HealthReply): Buffer {
  const writer = new FieldWriter(replySize(status));
  writer.number(statusField, statuses.indexOf(status));
  return writer.finish();
}

export function writeHealthList(list: HealthList): Buffer {
  let size = 0;
  for (const [name, status] of list.statuses) size += withinSize(entrySize(name, status));
  const writer = new FieldWriter(size);
  for (const [name, status] of list.statuses) {
    writer.begin(statusesField, entrySize(name, status));
    writer.text(entryFields.key, name);
    writer.begin(entryFields.value, replySize(status));
    writer.number(statusField, statuses.indexOf(status));
  }
  return writer.finish();
}

function entrySize(name: string, status: HealthStatus): number {
  return textSize(name) + withinSize(replySize(status));
}

function replySize(status: HealthStatus): number {
  return numberSize(statuses.indexOf(status));
}
