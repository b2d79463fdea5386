import * as v from "valibot";
import { isModelName, type ModelRef } from "#core/model/name.ts";

/** A model version that will have no worker, and why. */
export type LostModel = ModelRef & { readonly reason: string };

const form = v.object({
  type: v.literal("model"),
  state: v.literal("failed"),
  model: v.pipe(v.string(), v.check(isModelName)),
  version: v.pipe(v.number(), v.integer(), v.minValue(1)),
  reason: v.string(),
});

/** What a supervisor says of a worker it does not start again; undefined for any other message. */
export function readLostModel(message: unknown): LostModel | undefined {
  const parsed = v.safeParse(form, message);
  if (!parsed.success) return undefined;
  const { model, version, reason } = parsed.output;
  return { model, version, reason };
}
