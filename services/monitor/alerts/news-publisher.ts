import { Failure, messageOf } from "#core/failure.ts";
import type { Bus } from "#platform/bus/bus.ts";
import { alertStream } from "#platform/bus/streams.ts";
import { loop } from "#platform/loop.ts";
import type { MonitorEvents } from "../events.ts";
import type { WatchedModel } from "../watched-model.ts";
import type { WatchedModels } from "../watched-models.ts";
import { newsMessage } from "./news-message.ts";

export type NewsPublisherModules = {
  readonly bus: Bus;
  readonly models: WatchedModels;
  readonly events: MonitorEvents;
};

const everyMs = 500;

/**
 * Stores news of alerts and of retraining in their stream. It is told in the order in which it came
 * about, and again after a crash; the stream keeps what has the same id once.
 */
export class NewsPublisher {
  readonly #cluster: string;
  readonly #modules: NewsPublisherModules;
  #isFailing = false;

  constructor(cluster: string, modules: NewsPublisherModules) {
    this.#cluster = cluster;
    this.#modules = modules;
  }

  /** Publishes what there is until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const onError = (error: unknown) => this.#fail(error);
    await loop({ everyMs, signal, onError }, async () => {
      if (!this.#modules.bus.isConnected) return;
      let isFailing = false;
      for (const held of [...this.#modules.models.held]) {
        // What is wrong with one model's news does not hold up that of others.
        await this.#publishOf(held, signal).catch((error: unknown) => {
          isFailing = true;
          this.#fail(error);
        });
      }
      this.#isFailing = isFailing;
    });
  }

  async #publishOf(held: WatchedModel, signal: AbortSignal): Promise<void> {
    const { events } = this.#modules;
    const { model, watch } = held;
    const context = { cluster: this.#cluster, model, created: held.streamCreated };
    for (const news of watch.news.waiting) {
      // Somebody else may have the model by now: the news is theirs to tell.
      if (signal.aborted || held.lease.epoch === undefined) return;
      const { id, subject, body, summary } = newsMessage(news, context);
      await this.#store(subject, new TextEncoder().encode(body), id);
      held.newsTold(news);
      events.newsStored(model, news, summary);
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
