import { messageOf } from "#core/failure.ts";
import { encodeToken, type ModelRef } from "#core/model/name.ts";
import type { Bus } from "#platform/bus/bus.ts";
import { workersBucket } from "#platform/bus/streams.ts";
import { loop } from "#platform/loop.ts";
import type { WorkerEvents } from "./events.ts";
import type { ModelSlot } from "./model-slot.ts";

export type HeartbeatOptions = {
  readonly instance: string;
  readonly ref: ModelRef;
  /** Where gateways can dial this worker. */
  readonly address: string;
  /** Where its metrics are served. */
  readonly metrics: string;
};

const everyMs = 2000;

/**
 * Tells whoever looks where this worker can be dialled, when there is a bus and every two seconds
 * from then on, until the signal aborts; then takes the hint back if that can be done at once.
 */
export async function beat(
  options: HeartbeatOptions,
  modules: { readonly bus: Bus; readonly slot: ModelSlot; readonly events: WorkerEvents },
  signal: AbortSignal,
): Promise<void> {
  const { bus, slot, events } = modules;
  const { instance, ref, address, metrics } = options;
  const key = encodeToken(instance);
  let isFailing = false;
  const onError = (error: unknown) => {
    if (!isFailing) events.backgroundFailed("telling where this worker is", messageOf(error));
    isFailing = true;
  };
  const tell = async () => {
    if (!bus.isConnected) return;
    const { state } = slot;
    const digest = state.kind === "ready" ? state.host.digest : "";
    const hint = { instance, address, metrics, ...ref, digest, state: state.kind };
    const workers = await bus.store(workersBucket);
    await workers.put(key, new TextEncoder().encode(JSON.stringify(hint)));
    isFailing = false;
  };
  const unsubscribe = bus.onConnection(() => {
    tell().catch(onError);
  });
  await loop({ everyMs, signal, onError }, tell);
  unsubscribe();
  if (!bus.isConnected) return;
  try {
    await (await bus.store(workersBucket)).delete(key);
  } catch (error) {
    onError(error);
  }
}
