import { hash } from "node:crypto";
import { streamIdBytes } from "#core/bulk/resume-token.ts";
import { Failure } from "#core/failure.ts";
import { formatRef, type ModelRef } from "#core/model/name.ts";
import { predictionIdOf } from "#core/prediction-id.ts";
import { quote } from "#core/quote.ts";
import { monotonicMs, wallUs } from "#platform/clock.ts";
import type { BulkItem } from "#wire/bulk/request.ts";
import { type RequestHead, scanModelInfer, scanPredict } from "#wire/scan.ts";
import type { BulkOwner, BulkWork } from "./bulk-lanes.ts";
import type { PredictionRequest } from "./request.ts";
import type { Traces } from "./traces.ts";

/** What an item takes from its stream. */
export type BulkContext = {
  readonly owner: BulkOwner;
  readonly ref: ModelRef;
  readonly streamId: Uint8Array;
  /** On the monotonic clock; Infinity for none. */
  readonly deadlineMs: number;
};

export const bulkRpc = "sluice.predict.v1.PredictService/PredictBulk";

/** An item as work for a lane, with why it cannot be done where that is already plain. */
export function toWork(
  item: BulkItem,
  { owner, ref, streamId, deadlineMs }: BulkContext,
  traces: Traces,
): { readonly work: BulkWork; readonly refusal: Failure | undefined } {
  // A trace of its own: a million items in the trace of their stream would be of use to nobody.
  const trace = traces.begin(undefined);
  trace.predictionId.set(itemPredictionId(streamId, item.number));
  const arrivedMs = monotonicMs();
  const request: PredictionRequest = {
    rpc: bulkRpc,
    trace,
    arrivedUs: wallUs(),
    arrivedMs,
    requestId: "",
    exchange: undefined,
  };
  const { number, payload, form = "columns" } = item;
  const work: BulkWork = {
    ...{ owner, number, form, payload, deadlineMs, request },
    ...{ attempts: [], waitsSinceMs: arrivedMs },
  };
  try {
    const head = readHead(item);
    request.requestId = head.id;
    return { work, refusal: mismatch(head, ref) };
  } catch (error) {
    return { work, refusal: Failure.from(error) };
  }
}

/** The same for an item that is sent again, whichever gateway it comes to. */
function itemPredictionId(streamId: Uint8Array, number: number): Uint8Array {
  const name = new Uint8Array(streamIdBytes + 8);
  name.set(streamId);
  new DataView(name.buffer).setBigUint64(streamIdBytes, BigInt(number));
  return predictionIdOf(hash("sha256", name, "buffer"));
}

function readHead({ form, payload }: BulkItem): RequestHead {
  if (form === undefined) throw new Failure("invalid-argument", "the item has no rows");
  return form === "columns" ? scanPredict(payload) : scanModelInfer(payload);
}

function mismatch({ model, version }: RequestHead, ref: ModelRef): Failure | undefined {
  const isSame =
    (model === "" || model === ref.model) && (version === "" || version === String(ref.version));
  if (isSame) return undefined;
  const asked = `model ${quote(model)} version ${quote(version)}`;
  const problem = `the item asks for ${asked} on a stream of ${formatRef(ref)}`;
  return new Failure("invalid-argument", problem);
}
