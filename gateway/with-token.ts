import type { PredictionTokens } from "#platform/prediction-tokens.ts";
import type { Caller } from "#platform/rpc/unary-call.ts";
import { outputsOfReply } from "#wire/feedback/token.ts";
import { metadataKey } from "#wire/metadata.ts";
import { varintSize, writeVarint } from "#wire/varint.ts";
import type { PredictionRequest } from "./request.ts";

/** The tag of PredictResponse's `prediction_token`: field 8, bytes. */
const tokenTag = (8 << 3) | 2;

/**
 * The reply with the signed token its caller asked for. A reply is decoded for that, which is why
 * it has to be asked for.
 */
export function withToken(
  payload: Uint8Array,
  request: PredictionRequest,
  caller: Caller,
  tokens: PredictionTokens | undefined,
): Uint8Array {
  if (tokens === undefined || request.exchange?.method !== "Predict") return payload;
  if (caller.header(metadataKey.predictionToken) !== "1") return payload;
  const predicted = outputsOfReply(payload);
  if (predicted === undefined) return payload;
  const { model, version } = request.exchange.ref;
  const { predictionId } = request.trace;
  const timeUs = request.arrivedUs;
  const token = tokens.sign({ model, version, predictionId, timeUs, ...predicted });
  return token === undefined ? payload : withField(payload, token);
}

/** A message goes on where another one of its kind ends. */
function withField(payload: Uint8Array, token: Uint8Array): Uint8Array {
  const size = 1 + varintSize(token.byteLength);
  const whole = Buffer.allocUnsafeSlow(payload.byteLength + size + token.byteLength);
  whole.set(payload);
  whole[payload.byteLength] = tokenTag;
  const at = writeVarint(whole, payload.byteLength + 1, token.byteLength);
  whole.set(token, at);
  return whole;
}
