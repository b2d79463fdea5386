import { setImmediate as nextTurn } from "node:timers/promises";

/** Runs to the end, one step in each turn of the event loop. */
export async function inTurns<Result>(steps: Iterator<unknown, Result>): Promise<Result> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await nextTurn();
  }
}
