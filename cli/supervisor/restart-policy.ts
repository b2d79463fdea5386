/** What to do about a process that has ended by itself. */
export type RestartDecision =
  | { readonly kind: "restart"; readonly delayMs: number }
  | { readonly kind: "give-up" };

export type Ending = {
  /** How often it has ended in a row, this time included, without having lasted in between. */
  readonly endings: number;
  /** Whether it has ever worked. */
  readonly hasWorked: boolean;
  /** Whether it said itself that it cannot start. */
  readonly hasRefused: boolean;
};

/** A process that worked this long has recovered: the next ending counts as the first. */
export const recoveredMs = 30_000;
const delayMsMin = 100;
const delayMsMax = 10_000;
const attemptsMax = 3;

/**
 * A process that worked once is started again for ever, with delays that double from 0.1 to 10
 * seconds. One that never was is given three attempts, and none when it says itself that it cannot
 * start.
 */
export function decideRestart(ending: Ending): RestartDecision {
  const { endings, hasWorked, hasRefused } = ending;
  if (!hasWorked && (hasRefused || endings >= attemptsMax)) return { kind: "give-up" };
  return { kind: "restart", delayMs: restartDelayMs(endings) };
}

/** How long to wait before the next start, from 0.1 to 10 seconds. */
export function restartDelayMs(endings: number): number {
  return Math.min(delayMsMax, delayMsMin * 2 ** Math.min(endings - 1, 20));
}
