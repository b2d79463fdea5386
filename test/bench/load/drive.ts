import { setTimeout as delay } from "node:timers/promises";
import { seededDraw } from "#core/random.ts";
import { LoadConnection } from "./connection.ts";
import type { LoadPlan, LoadResult } from "./plan.ts";
import { Tally } from "./tally.ts";

/** How long the last calls may take to be answered. */
const drainMsMax = 5_000;
/**
 * How much longer a closed loop goes on until each of its callers has had a reply: a slow server is
 * measured for longer.
 */
const extensionMsMax = 10_000;
/** Of calls that wait in one process: whoever is that far behind answers no more. */
const inFlightMax = 100_000;

/** Makes the calls of a plan from this process and gives what came of them. */
export async function drive(plan: LoadPlan): Promise<LoadResult> {
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const run = await Run.open(plan);
  const unanswered = await run.drive();
  const { user, system } = process.cpuUsage(cpu);
  const ranSeconds = (performance.now() - startMs) / 1000;
  return { ...run.tally.result(unanswered), cpuSeconds: (user + system) / 1e6, ranSeconds };
}

class Run {
  readonly tally: Tally;
  readonly #plan: LoadPlan;
  readonly #startMs = performance.now();
  readonly #endMs: number;
  #isSending = true;
  readonly #stack = new DisposableStack();
  #connections: LoadConnection[] = [];

  static async open(plan: LoadPlan): Promise<Run> {
    const run = new Run(plan);
    await run.#connect();
    return run;
  }

  private constructor(plan: LoadPlan) {
    this.#plan = plan;
    const fromMs = this.#startMs + plan.warmupMs;
    this.#endMs = fromMs + plan.measureMs;
    const byArrival = plan.pace.kind === "open" || plan.drainMs !== undefined;
    const toMs = byArrival ? this.#endMs : Number.POSITIVE_INFINITY;
    this.tally = new Tally(byArrival, { fromMs, toMs });
  }

  /** The number of calls left unanswered. */
  async drive(): Promise<number> {
    using _ = this.#stack;
    const { pace, drainMs = drainMsMax } = this.#plan;
    if (pace.kind === "closed") await this.#closed(pace.inFlight);
    else await this.#open(pace.perSecond, pace.seed);
    const giveUpMs = performance.now() + drainMs;
    while (this.#inFlight() > 0 && performance.now() < giveUpMs) await delay(1);
    return this.#inFlight();
  }

  async #connect(): Promise<void> {
    const { targets, pace, connections } = this.#plan;
    const isClosed = pace.kind === "closed";
    for (let index = 0; index < connections; index += 1) {
      const target = targets[index % targets.length];
      if (target === undefined) return;
      const connection = await LoadConnection.open(target, (startMs, status, message) => {
        const nowMs = performance.now();
        this.tally.count(target, { startMs, nowMs, status, message });
        // A connection that broke would answer itself for ever.
        if (isClosed && status >= 0 && this.#isSending) connection.send(nowMs);
      });
      this.#connections = [...this.#connections, this.#stack.use(connection)];
    }
  }

  async #closed(inFlight: number): Promise<void> {
    const nowMs = performance.now();
    for (let call = 0; call < inFlight; call += 1) {
      this.#connections[call % this.#connections.length]?.send(nowMs);
    }
    await delay(Math.max(0, this.#endMs - performance.now()));
    const isByArrival = this.#plan.drainMs !== undefined;
    const giveUpMs = this.#endMs + extensionMsMax;
    while (!isByArrival && this.tally.counted < inFlight && performance.now() < giveUpMs) {
      await delay(5);
    }
    this.#isSending = false;
    if (!isByArrival) this.tally.end(performance.now());
  }

  /** Sends what has become due, sleeps until the next call is, and starts again. */
  async #open(perSecond: number, seed: number): Promise<void> {
    const draw = seededDraw(seed);
    const gapMs = () => (-Math.log(1 - draw()) * 1000) / perSecond;
    let dueMs = performance.now() + gapMs();
    for (let call = 0; dueMs < this.#endMs; ) {
      const nowMs = performance.now();
      for (; dueMs <= nowMs && dueMs < this.#endMs; dueMs += gapMs()) {
        const connection = this.#connections[call % this.#connections.length];
        if (this.#inFlight() >= inFlightMax) return;
        connection?.send(dueMs);
        call += 1;
      }
      for (const connection of this.#connections) connection.flush();
      await delay(Math.max(1, Math.floor(dueMs - performance.now())));
    }
  }

  #inFlight(): number {
    return this.#connections.reduce((sum, { inFlight }) => sum + inFlight, 0);
  }
}
