import { z } from "zod";
import { isModelName, type ModelRef } from "#core/model/name.ts";

/** A model version that will have no worker, and why. */
export type LostModel = ModelRef & { readonly reason: string };

const form = z.object({
  type: z.literal("model"),
  state: z.literal("failed"),
  model: z.string().refine(isModelName),
  version: z.int().min(1),
  reason: z.string(),
});

/** What a supervisor says of a worker it does not start again; undefined for any other message. */
export function readLostModel(message: unknown): LostModel | undefined {
  const parsed = form.safeParse(message);
  if (!parsed.success) return undefined;
  const { model, version, reason } = parsed.data;
  return { model, version, reason };
}
