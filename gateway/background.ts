/**
 * What a gateway does over NATS, where it has one: learns of workers, and tells of those it lost.
 */
import type { Bus } from "#platform/bus/bus.ts";
import type { GatewayEvents } from "./events.ts";
import type { LinkLoss } from "./link.ts";
import type { Links } from "./links.ts";
import { ProducerEnds } from "./producer-ends.ts";
import { WorkerHints, type WorkerHintsOptions } from "./worker-hints.ts";

export type BackgroundOptions = WorkerHintsOptions & {
  /** This gateway's. */
  readonly instance: string;
};

/**
 * Starts at once; disposing stops it, having told what there was to tell if that could be done at
 * once.
 */
export function startBackground(
  options: BackgroundOptions,
  modules: { readonly bus: Bus; readonly links: Links; readonly events: GatewayEvents },
): AsyncDisposable {
  const { signal, stop } = stopper();
  const ends = new ProducerEnds(modules);
  const hints = new WorkerHints(options, modules);
  modules.links.listen({
    onLost: (link, { hello, rowsAnswered }: LinkLoss) => {
      const { producer } = hello;
      ends.add(link.ref, { producer, answered: rowsAnswered, gateway: options.instance });
    },
  });
  const running = Promise.all([ends.run(signal), hints.run(signal)]);
  return {
    async [Symbol.asyncDispose]() {
      stop();
      await running;
    },
  };
}

function stopper() {
  const controller = new AbortController();
  return { signal: controller.signal, stop: () => controller.abort() };
}
