import { Failure, messageOf } from "#core/failure.ts";
import type { Bus } from "#platform/bus/bus.ts";
import { alertStream } from "#platform/bus/streams.ts";
import { loop } from "#platform/loop.ts";
import { alertSubject } from "#wire/alert/alert-event.ts";
import type { MonitorEvents } from "../events.ts";
import type { WatchedModel } from "../watched-model.ts";
import type { WatchedModels } from "../watched-models.ts";
import { alertMessage } from "./alert-message.ts";

export type AlertPublisherModules = {
  readonly bus: Bus;
  readonly models: WatchedModels;
  readonly events: MonitorEvents;
};

const everyMs = 500;

/**
 * Stores news of alerts in their stream. It is told in the order in which it came about, and again
 * after a crash; the stream keeps what has the same id once.
 */
export class AlertPublisher {
  readonly #cluster: string;
  readonly #modules: AlertPublisherModules;
  #isFailing = false;

  constructor(cluster: string, modules: AlertPublisherModules) {
    this.#cluster = cluster;
    this.#modules = modules;
  }

  /** Publishes what there is until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const onError = (error: unknown) => this.#fail(error);
    await loop({ everyMs, signal, onError }, async () => {
      if (!this.#modules.bus.isConnected) return;
      for (const held of [...this.#modules.models.held]) await this.#publishOf(held, signal);
      this.#isFailing = false;
    });
  }

  async #publishOf(held: WatchedModel, signal: AbortSignal): Promise<void> {
    const { events } = this.#modules;
    const { model, watch } = held;
    for (const change of watch.alertNews.waiting) {
      // Somebody else may have the model by now: the news is theirs to tell.
      if (signal.aborted || held.lease.epoch === undefined) return;
      const { id, event, body } = alertMessage(change, { cluster: this.#cluster, model });
      await this.#store(alertSubject(model), new TextEncoder().encode(body), id);
      held.alertTold(change);
      events.alertStored(event.data);
    }
  }

  async #store(subject: string, data: Uint8Array, messageId: string): Promise<void> {
    const { bus } = this.#modules;
    try {
      await bus.publish(subject, data, { messageId });
    } catch (error) {
      if (Failure.from(error).code !== "not-found") throw error;
      await bus.ensureStream(alertStream);
      await bus.publish(subject, data, { messageId });
    }
  }

  #fail(error: unknown): void {
    if (!this.#isFailing) this.#modules.events.alertsFailed(messageOf(error));
    this.#isFailing = true;
  }
}
