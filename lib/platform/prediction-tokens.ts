import { createHmac, timingSafeEqual } from "node:crypto";
import { type TokenContent, tokenBytesMax } from "#core/performance/feedback.ts";
import { decodeTokenContent, encodeTokenContent } from "#wire/feedback/token.ts";
import type { SettingsReader } from "./config.ts";

const format = 1;
/** Of the 32 of HMAC-SHA-256: what is left out makes guessing no easier that matters (RFC 2104). */
const macBytes = 16;
const headBytes = 1 + macBytes;
/** What else may be signed with the same secret is never taken for one of these. */
const purpose = "sluice prediction token";

const secretLengthMin = 16;

/** The secret of the cluster; undefined where none is set. */
export function readTokenSecret(reader: SettingsReader): string | undefined {
  const secret = reader.optionalText("SLUICE_TOKEN_SECRET");
  if (secret === undefined || secret.length >= secretLengthMin) return secret;
  reader.problem(`SLUICE_TOKEN_SECRET has fewer than ${secretLengthMin} characters`);
  return undefined;
}

/** Signs what was predicted, so that whoever brings it back need not be believed. */
export class PredictionTokens {
  readonly #secret: string;

  /** All gateways and monitors of a cluster have the same secret. */
  constructor(secret: string) {
    this.#secret = secret;
  }

  /** Undefined where the token would be longer than 64 KiB. */
  sign(content: TokenContent): Uint8Array | undefined {
    const bytes = encodeTokenContent(content);
    const token = new Uint8Array(headBytes + bytes.byteLength);
    if (token.byteLength > tokenBytesMax) return undefined;
    token[0] = format;
    token.set(this.#mac(bytes), 1);
    token.set(bytes, headBytes);
    return token;
  }

  /** What a token says; undefined where it was not signed with this secret. */
  open(token: Uint8Array): TokenContent | undefined {
    if (token.byteLength <= headBytes || token.byteLength > tokenBytesMax) return undefined;
    if (token[0] !== format) return undefined;
    const bytes = token.subarray(headBytes);
    if (!timingSafeEqual(token.subarray(1, headBytes), this.#mac(bytes))) return undefined;
    return decodeTokenContent(bytes);
  }

  #mac(bytes: Uint8Array): Uint8Array {
    const hmac = createHmac("sha256", this.#secret).update(purpose).update(bytes);
    return hmac.digest().subarray(0, macBytes);
  }
}
