import type { SettingsReader } from "#platform/config.ts";
import { parseWebhookSecret } from "./webhook-signature.ts";

/** Where alerts are posted to, and what they are signed with. */
export type WebhookSettings = { readonly url: URL; readonly secret: Uint8Array };

/** Each is a lease and a reader of the stream. */
const webhooksMax = 16;

/**
 * No message has an address or a secret in it: whoever has an address of this kind may often post
 * to it.
 */
export function readWebhooks(reader: SettingsReader): readonly WebhookSettings[] {
  const texts = (reader.optionalText("SLUICE_ALERT_WEBHOOKS") ?? "")
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "");
  const secret = readSecret(reader, texts.length > 0);
  const urls = new Map<string, URL>();
  for (const [index, text] of texts.entries()) {
    const url = URL.parse(text);
    if (url?.protocol === "http:" || url?.protocol === "https:") urls.set(url.href, url);
    else reader.problem(`SLUICE_ALERT_WEBHOOKS: number ${index + 1} is no http or https address`);
  }
  if (urls.size > webhooksMax) {
    reader.problem(`SLUICE_ALERT_WEBHOOKS has ${urls.size} addresses, at most ${webhooksMax}`);
  }
  return secret === undefined ? [] : [...urls.values()].map((url) => ({ url, secret }));
}

function readSecret(reader: SettingsReader, isNeeded: boolean): Uint8Array | undefined {
  const name = "SLUICE_ALERT_WEBHOOK_SECRET";
  const text = isNeeded ? reader.requiredText(name) : (reader.optionalText(name) ?? "");
  if (text === "") return undefined;
  const secret = parseWebhookSecret(text);
  if (!("problem" in secret)) return secret;
  reader.problem(`${name} ${secret.problem}`);
  return undefined;
}
