import { createHash } from "node:crypto";
import type { News } from "#core/alert/outbox.ts";
import { predictionStream } from "#platform/bus/streams.ts";
import { alertEvent, alertIdentity, alertSubject } from "#wire/alert/alert-event.ts";
import { changeEvent, changeIdentity, changeSubject } from "#wire/alert/change-event.ts";
import { retrainEvent, retrainIdentity, retrainSubject } from "#wire/alert/retrain-event.ts";

/** News as it is told: the id is the same whoever tells it, and however often. */
export type NewsMessage = {
  readonly id: string;
  readonly subject: string;
  readonly body: string;
  readonly summary: string;
};

export type NewsContext = {
  readonly cluster: string;
  readonly model: string;
  /** When the stream of predictions was created that the model is read from. */
  readonly created: string;
};

const idDigits = 32;

export function newsMessage(news: News, of: NewsContext): NewsMessage {
  const context = { ...of, stream: predictionStream.name };
  if (news.kind === "alert") {
    const id = hashOf(alertIdentity(news.change, context));
    const event = alertEvent(news.change, context);
    return message(id, alertSubject(of.model), event);
  }
  if (news.kind === "change") {
    const id = hashOf(changeIdentity(news, context));
    return message(id, changeSubject(of.model), changeEvent(news, context));
  }
  const id = hashOf(retrainIdentity(news.request, context));
  return message(id, retrainSubject(of.model), retrainEvent(news.request, context));
}

function message(
  id: string,
  subject: string,
  event: { readonly specversion: string; readonly data: { readonly summary: string } },
): NewsMessage {
  const { specversion, ...rest } = event;
  const body = JSON.stringify({ specversion, id, ...rest });
  return { id, subject, body, summary: event.data.summary };
}

function hashOf(identity: string): string {
  return createHash("sha256").update(identity).digest("hex").slice(0, idDigits);
}
