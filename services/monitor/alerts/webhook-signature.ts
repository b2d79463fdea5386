// Signatures of the Standard Webhooks specification 1.0 (https://www.standardwebhooks.com), the
// symmetric ones: HMAC-SHA-256 of id, time and body.
import { createHmac } from "node:crypto";

export type SignedContent = {
  /** Without a full stop, which parts what is signed. */
  readonly id: string;
  /** Since 1970, when it is sent. */
  readonly seconds: number;
  readonly body: Uint8Array;
};

const prefix = "whsec_";
const secretBytesMin = 24;
/** More than a block of SHA-256 makes nothing safer. */
const secretBytesMax = 64;

/** The headers by which a receiver knows who has sent this, and whether it has it already. */
export function webhookHeaders(secret: Uint8Array, content: SignedContent): Record<string, string> {
  const { id, seconds, body } = content;
  const mac = createHmac("sha256", secret).update(`${id}.${seconds}.`).update(body);
  return {
    "webhook-id": id,
    "webhook-timestamp": String(seconds),
    "webhook-signature": `v1,${mac.digest("base64")}`,
  };
}

/** The key that a secret stands for, or what is wrong with it. */
export function parseWebhookSecret(text: string): Uint8Array | { readonly problem: string } {
  const isEncoded = text.startsWith(prefix);
  const encoded = text.slice(prefix.length);
  const key = isEncoded ? Buffer.from(encoded, "base64") : Buffer.from(text);
  if (isEncoded && !isSame(key.toString("base64"), encoded)) {
    return { problem: `has something else than base64 after ${prefix}` };
  }
  const { byteLength } = key;
  if (byteLength >= secretBytesMin && byteLength <= secretBytesMax) return key;
  return { problem: `must be of ${secretBytesMin} to ${secretBytesMax} bytes, not ${byteLength}` };
}

/** Padding may be left out. */
function isSame(base64: string, given: string): boolean {
  return base64.replace(/=+$/, "") === given.replace(/=+$/, "");
}
