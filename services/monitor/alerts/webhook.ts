import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import type { Answer } from "#core/alert/delivery.ts";
import { messageOf } from "#core/failure.ts";
import { wallUs } from "#platform/clock.ts";
import { http } from "#platform/node-http.ts";
import type { WebhookSettings } from "./webhook-settings.ts";
import { webhookHeaders } from "./webhook-signature.ts";

export type WebhookMessage = { readonly id: string; readonly body: Uint8Array };

/** Half a lease by default: who posts for longer may not be the only one who does. */
const answerMsMax = 5_000;
/** Of an answer's body, which nobody looks at. */
const discardedBytesMax = 64 * 1024;
const nameDigits = 32;

/** Somebody who is told of alerts by HTTP. */
export class Webhook {
  /** A receiver as logs may name it: the rest of an address is often a secret. */
  readonly host: string;
  /** The same for the same address, and says nothing about it. */
  readonly name: string;
  readonly #url: URL;
  readonly #secret: Uint8Array;

  constructor({ url, secret }: WebhookSettings) {
    this.host = url.host;
    this.name = createHash("sha256").update(url.href).digest("hex").slice(0, nameDigits);
    this.#url = url;
    this.#secret = secret;
  }

  /**
   * Posts a CloudEvent in the JSON format, for at most five seconds, and follows no redirect. Never
   * rejects; `reason` says in words what came of it.
   */
  async post(
    { id, body }: WebhookMessage,
    signal: AbortSignal,
  ): Promise<Answer & { readonly reason: string }> {
    const seconds = Math.floor(wallUs() / 1e6);
    const headers = {
      "content-type": "application/cloudevents+json",
      "content-length": body.byteLength,
      "user-agent": "sluice",
      ...webhookHeaders(this.#secret, { id, seconds, body }),
    };
    const until = AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)]);
    try {
      const response = await this.#request(body, headers, until);
      discard(response);
      const { statusCode: status = 0 } = response;
      const retryAfterMs = secondsOf(response.headers["retry-after"]) * 1000;
      return { status, retryAfterMs, reason: `HTTP ${status}` };
    } catch (error) {
      return { status: undefined, reason: this.#reasonOf(error) };
    }
  }

  #request(
    body: Uint8Array,
    headers: Readonly<Record<string, string | number>>,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { request } = this.#url.protocol === "https:" ? https : http;
    return new Promise((resolve, reject) => {
      // Alerts are rare: a connection that is kept would be gone when the next one comes.
      const options = { method: "POST", headers, agent: false, signal };
      const posting = request(this.#url, options, resolve);
      posting.on("error", reject);
      posting.end(body);
    });
  }

  #reasonOf(error: unknown): string {
    const isLate = error instanceof Error && error.name === "AbortError";
    return isLate ? `no answer within ${answerMsMax / 1000} s` : messageOf(error);
  }
}

/** Reads what comes to its end, unless it is too much, or the request's time is over. */
function discard(response: IncomingMessage): void {
  let bytes = 0;
  response.on("data", (chunk: Uint8Array) => {
    bytes += chunk.byteLength;
    if (bytes > discardedBytesMax) response.destroy();
  });
  response.on("error", () => {});
}

/** A date, which the header may also be, counts as nothing. */
function secondsOf(retryAfter: string | undefined): number {
  return /^[0-9]{1,6}$/.test(retryAfter ?? "") ? Number(retryAfter) : 0;
}
