import type { PredictionEvent, ProducerEnd } from "../prediction/event.ts";

/** What a message of the prediction stream holds, once decoded; or why it could not be. */
export type MessageBody =
  | { readonly kind: "event"; readonly event: PredictionEvent }
  | { readonly kind: "producer-end"; readonly end: ProducerEnd }
  | { readonly kind: "malformed"; readonly problem: string };

export type StreamMessage = {
  /** When the stream stored it, milliseconds since 1970. */
  readonly timeMs: number;
  /** Its sequence in the stream. */
  readonly seq: number;
  /** The version its subject names. */
  readonly version: number;
  readonly body: MessageBody;
};
