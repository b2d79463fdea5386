import { Failure } from "#core/failure.ts";
import { encodeToken, type ModelRef } from "#core/model/name.ts";
import type { ProducerEnd } from "#core/prediction/event.ts";
import type { Bus } from "#platform/bus/bus.ts";
import { loop } from "#platform/loop.ts";
import { encodeProducerEnd } from "#wire/event/encode.ts";
import type { GatewayEvents } from "./events.ts";

type Waiting = { readonly subject: string; readonly end: ProducerEnd };

/** Workers lost while the bus was away; of more, the oldest are forgotten. */
const waitingMax = 1_024;
const everyMs = 1_000;

/**
 * Tells the monitor how many rows a worker had answered when its link was lost, so that rows
 * whose events died with the worker are counted as lost. What cannot be told now is told later.
 */
export class ProducerEnds {
  readonly #bus: Bus;
  readonly #events: GatewayEvents;
  readonly #waiting: Waiting[] = [];

  constructor(modules: { readonly bus: Bus; readonly events: GatewayEvents }) {
    this.#bus = modules.bus;
    this.#events = modules.events;
  }

  add({ model, version }: ModelRef, end: ProducerEnd): void {
    // A producer that answered nothing has lost nothing.
    if (end.answered === 0) return;
    const subject = `sluice.prediction.${encodeToken(model)}.${version}`;
    this.#waiting.push({ subject, end });
    if (this.#waiting.length > waitingMax) this.#waiting.shift();
  }

  /** Publishes what waits, again and again, until the signal aborts; then once more. */
  async run(signal: AbortSignal): Promise<void> {
    await loop({ everyMs, signal, onError: () => {} }, () => this.#publish());
    await this.#publish();
  }

  async #publish(): Promise<void> {
    while (this.#bus.isConnected) {
      const [first] = this.#waiting;
      if (first === undefined) return;
      try {
        const { producer, answered, gateway } = first.end;
        const messageId = `${gateway}:${producer}:${answered}`;
        await this.#bus.publish(first.subject, encodeProducerEnd(first.end), { messageId });
      } catch (error) {
        const { code, message } = Failure.from(error);
        // Without a stream there are no events, and nobody to count them.
        if (code !== "not-found") {
          this.#events.trouble("cannot tell of a lost worker yet", message);
          return;
        }
      }
      // It may have been pushed out by others meanwhile.
      if (this.#waiting[0] === first) this.#waiting.shift();
    }
  }
}
