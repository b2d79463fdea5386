import { Failure, messageOf } from "#core/failure.ts";
import { formatRef, type ModelRef } from "#core/model/name.ts";
import { eventProblem } from "#core/monitor/check-event.ts";
import type { PredictionEvent } from "#core/prediction/event.ts";
import type { Bus, BusMessage, FoundStream } from "#platform/bus/bus.ts";
import { checkNats, openBus } from "#platform/bus/nats.ts";
import { predictionStream } from "#platform/bus/streams.ts";
import { silentLog } from "#platform/log.ts";
import { decodePredictionMessage } from "#wire/event/decode.ts";
import { predictionSubject } from "#wire/event/subject.ts";
import type { TimeSpan } from "./drift/period.ts";
import { Unreachable } from "./exit-code.ts";

const answerMsMax = 10_000;
/** Clocks of other machines may be so far ahead of that of NATS. */
const aheadMs = 60_000;
/** A worker that NATS was away from publishes so late. */
const lateMs = 600_000;

export type LoggedEvents = {
  readonly ref: ModelRef;
  readonly period: TimeSpan;
  readonly signal: AbortSignal;
  /** Told of every event that may have rows of the period, and how much of the log is read. */
  readonly onEvent: (event: PredictionEvent, share: number) => void;
};

/** What workers have told of their predictions, as NATS keeps it. Only reads. */
export class PredictionLog implements AsyncDisposable {
  readonly #bus: Bus;

  private constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** Rejects with Unreachable where no NATS answers there. */
  static async open(url: string | undefined): Promise<PredictionLog> {
    if (url === undefined) {
      const hint = "start one with `sluice up`, or set NATS_URL";
      throw new Unreachable(`no running cluster's NATS is known: ${hint}`, undefined);
    }
    await checkNats(url).catch((error: unknown) => {
      throw new Unreachable(messageOf(error), error);
    });
    const bus = await openBus({ url, name: "sluice baseline", log: silentLog });
    try {
      await connected(bus);
      return new PredictionLog(bus);
    } catch (error) {
      await bus[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Reads what may have rows of the period. Rejects with a Failure where there is nothing, or where
   * the log no longer holds the beginning. Says how many messages could not be read.
   */
  async read(options: LoggedEvents): Promise<{ readonly unreadable: number }> {
    const { ref, period } = options;
    const subject = predictionSubject(ref);
    const found = await this.#bus.findStream(predictionStream.name, subject);
    requireBeginning(found, period);
    const { last } = found ?? {};
    const fromTimeMs = period.sinceMs - aheadMs;
    if (found === undefined || last === undefined || last.timeMs < fromTimeMs) {
      throw new Failure("not-found", `NATS holds no prediction of ${formatRef(ref)} in the period`);
    }
    let unreadable = 0;
    for await (const message of this.#messages({ ...options, found, subject, fromTimeMs })) {
      if (message.timeMs > period.untilMs + lateMs) break;
      const share = (message.timeMs - fromTimeMs) / (last.timeMs + 1 - fromTimeMs);
      const event = eventOf(message, ref);
      if (event === "unreadable") unreadable += 1;
      else if (event !== undefined) options.onEvent(event, share);
      if (message.seq >= last.seq) break;
    }
    return { unreadable };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bus[Symbol.asyncDispose]();
  }

  /** Ends with a Failure when the next message does not come for a while. */
  async *#messages(of: Reading): AsyncGenerator<BusMessage> {
    const { found, subject, fromTimeMs, signal } = of;
    const silent = new AbortController();
    const { created } = found;
    const messages = this.#bus.consume({
      ...{ stream: predictionStream.name, subjects: [subject], created, fromTimeMs, fromSeq: 1 },
      signal: AbortSignal.any([signal, silent.signal]),
    });
    const timer = setTimeout(() => silent.abort(), answerMsMax);
    try {
      for await (const message of messages) {
        timer.refresh();
        yield message;
      }
    } finally {
      clearTimeout(timer);
    }
    signal.throwIfAborted();
    throw new Unreachable(`NATS has said nothing for ${answerMsMax / 1000} s`, undefined);
  }
}

type Reading = LoggedEvents & {
  readonly found: FoundStream;
  readonly subject: string;
  readonly fromTimeMs: number;
};

/** Of a log that has let go of nothing yet, the beginning is the beginning of everything. */
function requireBeginning(found: FoundStream | undefined, { sinceMs }: TimeSpan): void {
  if (found === undefined || found.firstSeq <= 1) return;
  const { firstTimeMs } = found;
  if (firstTimeMs !== undefined && firstTimeMs <= sinceMs) return;
  const from = firstTimeMs === undefined ? undefined : new Date(firstTimeMs + 1).toISOString();
  const holds =
    from === undefined ? "it holds nothing" : `it begins at ${from}; say --since ${from}`;
  const what = `NATS no longer holds the beginning of the period in ${predictionStream.name}`;
  throw new Failure("failed-precondition", `${what}: ${holds}`);
}

function eventOf(message: BusMessage, ref: ModelRef): PredictionEvent | "unreadable" | undefined {
  try {
    const decoded = decodePredictionMessage(message.data);
    if (decoded.kind !== "event") return undefined;
    return eventProblem(decoded.event, ref) === undefined ? decoded.event : "unreadable";
  } catch {
    return "unreadable";
  }
}

async function connected(bus: Bus): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => reject(new Unreachable("NATS cannot be reached", undefined)),
    answerMsMax,
  );
  const unsubscribe = bus.onConnection(resolve);
  await promise.finally(() => {
    clearTimeout(timer);
    unsubscribe();
  });
}
