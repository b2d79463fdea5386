import { Failure } from "#core/failure.ts";
import { monotonicMs, sleep } from "#platform/clock.ts";
import type { Row } from "../cells.ts";
import { nextStep, type Pace } from "./pace.ts";
import { Tally } from "./tally.ts";

export type PlayOptions = {
  readonly pace: Pace;
  /** Ends the run early: nothing more is sent, and what is under way gets two seconds. */
  readonly signal: AbortSignal;
};

export type PlayModules = {
  /** The rows to play, one after the other; must not end. */
  readonly rows: Iterator<Row, unknown>;
  /** Predicts. The signal aborts when nobody waits for the answer any more. */
  readonly predict: (rows: readonly Row[], signal: AbortSignal) => Promise<void>;
  readonly onProgress: (rowsSent: number) => void;
};

/**
 * Beyond this many unanswered requests the run falls behind its pace rather than piling up more.
 */
const requestsInFlightMax = 64;
const farewellMs = 2_000;

/**
 * Plays rows at a pace, whatever the answers take: an open loop up to 64 requests under way.
 * Resolves when everything is answered or given up; failed requests are counted, not thrown.
 */
export async function play(options: PlayOptions, modules: PlayModules): Promise<Tally> {
  const { pace, signal } = options;
  const tally = new Tally();
  const underWay = new Set<Promise<void>>();
  const giveUp = new AbortController();
  const startMs = monotonicMs();
  let lastMs = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    const elapsedMs = monotonicMs() - startMs;
    const step = nextStep(pace, { rowsSent: tally.rowsSent, elapsedMs, lastMs });
    if (step.kind === "end") break;
    modules.onProgress(tally.rowsSent);
    if (step.kind === "wait") await sleep(step.ms, signal);
    else if (underWay.size >= requestsInFlightMax) {
      await Promise.race([...underWay, sleep(1_000, signal)]);
    } else {
      lastMs = elapsedMs;
      const rows = take(modules.rows, step.rows);
      tally.sent(rows.length);
      const request = send(rows, { tally, predict: modules.predict, signal: giveUp.signal });
      underWay.add(request);
      void request.then(() => underWay.delete(request));
    }
  }
  const patience = new AbortController();
  if (signal.aborted) void sleep(farewellMs, patience.signal).then(() => giveUp.abort());
  await Promise.all(underWay);
  patience.abort();
  return tally;
}

type Sending = {
  readonly tally: Tally;
  readonly predict: PlayModules["predict"];
  readonly signal: AbortSignal;
};

async function send(rows: readonly Row[], { tally, predict, signal }: Sending): Promise<void> {
  const startMs = monotonicMs();
  try {
    await predict(rows, signal);
    tally.answered(rows.length, (monotonicMs() - startMs) * 1000);
  } catch (error) {
    tally.failed(rows.length, Failure.from(error));
  }
}

function take(rows: Iterator<Row, unknown>, count: number): Row[] {
  const taken: Row[] = [];
  while (taken.length < count) {
    const next = rows.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}
