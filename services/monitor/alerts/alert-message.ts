import { createHash } from "node:crypto";
import type { AlertChange } from "#core/alert/alert.ts";
import { predictionStream } from "#platform/bus/streams.ts";
import {
  type AlertEvent,
  alertEvent,
  alertIdentity,
  encodeAlertEvent,
} from "#wire/alert/alert-event.ts";

/** An alert's change as it is told: the id is the same whoever tells it, and however often. */
export type AlertMessage = {
  readonly id: string;
  readonly event: AlertEvent;
  readonly body: string;
};

const idDigits = 32;

export function alertMessage(
  change: AlertChange,
  of: { readonly cluster: string; readonly model: string },
): AlertMessage {
  const context = { ...of, stream: predictionStream.name };
  const identity = alertIdentity(change, context);
  const id = createHash("sha256").update(identity).digest("hex").slice(0, idDigits);
  const event = alertEvent(change, context);
  return { id, event, body: encodeAlertEvent(event, id) };
}
