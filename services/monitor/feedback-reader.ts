import { messageOf } from "#core/failure.ts";
import type { Feedback } from "#core/performance/feedback.ts";
import type { ReceivedFeedback } from "#core/performance/performance-report.ts";
import type { Bus, BusMessage } from "#platform/bus/bus.ts";
import { feedbackStream } from "#platform/bus/streams.ts";
import { sleep } from "#platform/clock.ts";
import type { PredictionTokens } from "#platform/prediction-tokens.ts";
import { decodeFeedback } from "#wire/feedback/message.ts";
import { parseFeedbackSubject } from "#wire/feedback/subject.ts";
import type { MonitorEvents } from "./events.ts";
import type { WatchedModel } from "./watched-model.ts";
import type { WatchedModels } from "./watched-models.ts";

export type FeedbackReaderModules = {
  readonly bus: Bus;
  readonly models: WatchedModels;
  /** Undefined where there is no secret: labels with tokens cannot be used. */
  readonly tokens: PredictionTokens | undefined;
  readonly events: MonitorEvents;
};

const retryMs = 1000;

/**
 * Reads the feedback stream once for all watched models, each from its own position, as the other
 * reader does with predictions. A model's labels are read when its predictions have been: labels
 * would wait for them in a table that has an end.
 */
export class FeedbackReader {
  readonly #modules: FeedbackReaderModules;
  #again = new AbortController();

  constructor(modules: FeedbackReaderModules) {
    this.#modules = modules;
  }

  /** Reads until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#again = new AbortController();
      const until = AbortSignal.any([signal, this.#again.signal]);
      try {
        if (this.#modules.bus.isConnected) await this.#read(until);
        await sleep(retryMs, signal);
      } catch (error) {
        this.#modules.events.readingFailed(messageOf(error));
        await sleep(retryMs, signal);
      }
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { bus, events } = this.#modules;
    const readers = new Set(this.#ready());
    if (readers.size === 0) return;
    const stream = await bus.ensureStream(feedbackStream);
    for (const model of readers) {
      const { isNew, purged } = model.joinFeedback(stream);
      if (isNew) events.streamRecreated(model.model, stream.created);
      if (purged > 0) events.labelsPurged(model.model, purged);
    }
    const fromSeq = Math.min(...[...readers].map(({ feedbackSeq }) => feedbackSeq)) + 1;
    const { created } = stream;
    const { name } = feedbackStream;
    const messages = bus.consume({ stream: name, subjects: [], fromSeq, created, signal });
    await Promise.all([this.#consume(messages, readers, signal), this.#watch(readers, signal)]);
  }

  /** Ends the reading when the models that could be read for are others. */
  async #watch(readers: ReadonlySet<WatchedModel>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(retryMs, signal);
      const ready = this.#ready();
      const isSame = ready.length === readers.size && ready.every((model) => readers.has(model));
      if (!isSame) this.#again.abort();
    }
  }

  async #consume(
    messages: AsyncIterable<BusMessage>,
    readers: ReadonlySet<WatchedModel>,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      for await (const message of messages) {
        if (signal.aborted) return;
        this.#take(message, readers);
      }
    } finally {
      this.#again.abort();
    }
  }

  #take(message: BusMessage, readers: ReadonlySet<WatchedModel>): void {
    const { models, events } = this.#modules;
    const name = parseFeedbackSubject(message.subject);
    const target = name === undefined ? undefined : models.get(name);
    if (name === undefined) events.messageUnknown(message.subject);
    const isNew = target !== undefined && message.seq > target.feedbackSeq;
    if (target !== undefined && isNew && readers.has(target)) this.#apply(target, message);
    for (const model of readers) {
      if (models.get(model.model) !== model) continue;
      const purged = model.passFeedback(message.seq);
      if (purged > 0) events.labelsPurged(model.model, purged);
    }
  }

  #apply(target: WatchedModel, message: BusMessage): void {
    const { models, events } = this.#modules;
    const { model } = target;
    // Somebody else may have the model by now: these labels are theirs to count.
    if (target.lease.epoch === undefined) {
      models.drop(target, true);
      events.claimLost(model);
      return;
    }
    const { seq, timeMs } = message;
    try {
      const feedback = decodeFeedback(message.data, model).map((one) => this.#open(one, model));
      target.applyFeedback({ seq, timeMs, feedback });
      events.feedbackApplied(model, "counted");
    } catch (error) {
      const problem = messageOf(error);
      target.quarantineFeedback(message, problem);
      events.feedbackApplied(model, "quarantined");
      events.messageQuarantined({ model, version: 0, seq, problem });
    }
  }

  #open({ target, row, label }: Feedback, model: string): ReceivedFeedback {
    if (target.kind !== "token") return { target, row, label };
    const content = this.#modules.tokens?.open(target.token);
    const isOfModel = content?.model === model;
    return { target: { kind: "opened", content: isOfModel ? content : undefined }, row, label };
  }

  #ready(): WatchedModel[] {
    return [...this.#modules.models.held].filter(({ isCaughtUp }) => isCaughtUp);
  }
}
