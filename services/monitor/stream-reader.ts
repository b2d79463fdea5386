import { messageOf } from "#core/failure.ts";
import type { Applied, VersionWindow } from "#core/monitor/model-watch.ts";
import type { MessageBody } from "#core/monitor/stream-message.ts";
import type { Bus, BusMessage } from "#platform/bus/bus.ts";
import { predictionStream } from "#platform/bus/streams.ts";
import { sleep, wallUs } from "#platform/clock.ts";
import { parsePredictionSubject } from "#wire/event/subject.ts";
import type { ConsumerSpans } from "./consumer-spans.ts";
import type { MonitorEvents } from "./events.ts";
import { bodyOf, type WatchedModel } from "./watched-model.ts";
import type { WatchedModels } from "./watched-models.ts";

export type StreamReaderModules = {
  readonly bus: Bus;
  readonly models: WatchedModels;
  readonly events: MonitorEvents;
  readonly spans: ConsumerSpans;
  /** Told of a model that the stream speaks of and nobody here watches. */
  readonly onStranger: (model: string) => void;
};

const retryMs = 1000;

/**
 * Reads the prediction stream once for all watched models, from the position of the one that is
 * furthest behind; the others pass over what they have. Every message is seen, whosever it is: so a
 * hole in the sequences is something the stream let go, and a model without traffic has a position
 * all the same.
 */
export class StreamReader {
  readonly #modules: StreamReaderModules;
  #again = new AbortController();

  constructor(modules: StreamReaderModules) {
    this.#modules = modules;
  }

  /** Begins anew from the positions of the models that are watched now. */
  restart(): void {
    this.#again.abort();
  }

  /** Reads until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#again = new AbortController();
      const until = AbortSignal.any([signal, this.#again.signal]);
      try {
        if (!this.#modules.bus.isConnected) {
          await sleep(retryMs, until);
          continue;
        }
        await this.#read(until);
      } catch (error) {
        this.#modules.events.readingFailed(messageOf(error));
        await sleep(retryMs, until);
      }
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { bus, models, events } = this.#modules;
    const stream = await bus.ensureStream(predictionStream);
    const readers = new Set(models.held);
    for (const model of readers) {
      const { isNew, purged } = model.join(stream);
      if (isNew) events.streamRecreated(model.model, stream.created);
      if (purged > 0) events.messagesPurged(model.model, purged);
    }
    // Where nothing is watched yet, the newest message may speak of a model that could be.
    const newest = Math.max(0, stream.lastSeq - 1);
    const fromSeq = 1 + (readers.size === 0 ? newest : Math.min(...[...readers].map(seqOf)));
    events.readingFrom(fromSeq, stream.lastSeq);
    const { name } = predictionStream;
    const { created } = stream;
    const messages = bus.consume({ stream: name, subjects: [], fromSeq, created, signal });
    for await (const message of messages) {
      if (signal.aborted) return;
      await this.#take(message, readers);
    }
  }

  /**
   * `readers` are the models that this reading began with. One that has been taken since may be
   * further behind: it waits for the next reading, which begins where it needs it.
   */
  async #take(message: BusMessage, readers: ReadonlySet<WatchedModel>): Promise<void> {
    const { models, events, onStranger } = this.#modules;
    const ref = parsePredictionSubject(message.subject);
    const target = ref === undefined ? undefined : models.get(ref.model);
    if (ref === undefined) {
      // Without a reader this will be read again, by the first one.
      if (readers.size > 0) events.messageUnknown(message.subject);
    } else if (target === undefined) onStranger(ref.model);
    else if (readers.has(target) && message.seq > target.seq) {
      await this.#apply(target, message, ref.version);
    }
    for (const model of readers) {
      if (models.get(model.model) !== model) continue;
      const purged = model.pass(message.seq);
      if (purged > 0) events.messagesPurged(model.model, purged);
    }
  }

  async #apply(target: WatchedModel, message: BusMessage, version: number): Promise<void> {
    const { models, events, spans } = this.#modules;
    const startUs = wallUs();
    const body = bodyOf(message.data);
    await target.prepare(version, body);
    if (models.get(target.model) !== target) return;
    // Somebody else may have the model by now: this message is theirs to apply.
    if (target.lease.epoch === undefined) {
      models.drop(target, true);
      events.claimLost(target.model);
      return;
    }
    const { outcome, windows } = applySafely(target, message, version, body);
    if (body.kind === "event") spans.applied(message, body.event, startUs);
    events.messageApplied({ model: target.model, version, outcome });
    if (outcome === "quarantined") {
      const problem = target.watch.quarantine.at(-1)?.problem ?? "";
      events.messageQuarantined({ model: target.model, version, seq: message.seq, problem });
    }
    this.#tell(target, windows);
  }

  #tell({ model, watch }: WatchedModel, windows: readonly VersionWindow[]): void {
    const { models, events } = this.#modules;
    for (const { version, window } of windows) {
      events.windowClosed({ model, version, window });
      models.announce(watch, version);
    }
  }
}

function seqOf({ seq }: WatchedModel): number {
  return seq;
}

/** A message must not be able to stop the monitor again and again: one that does is put aside. */
function applySafely(
  target: WatchedModel,
  message: BusMessage,
  version: number,
  body: MessageBody,
): Applied {
  try {
    return target.apply(message, version, body);
  } catch (error) {
    const problem = `it could not be applied: ${messageOf(error)}`;
    return target.apply(message, version, { kind: "malformed", problem });
  }
}
