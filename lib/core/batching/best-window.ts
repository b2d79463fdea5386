import type { RunTimes } from "./run-times.ts";

export type Candidate = { readonly rows: number; readonly deadlineMs: number };

/** The candidates from `from` up to but not including `to`. */
export type Window = { readonly from: number; readonly to: number };

/** So much more has to come of passing somebody over. */
const gainMin = 1.1;

/**
 * Which of too many requests to run, now that not all of them can be in time: for every size a
 * batch may have, those that are likely to be in time in it; of these, the batch that answers most
 * rows in its time. Candidates come in order of their deadlines. A batch that passes nobody over is
 * taken unless another is better by a tenth.
 */
export function bestWindow(
  candidates: readonly Candidate[],
  { rowsMax, times, now }: { rowsMax: number; times: RunTimes; now: number },
): Window {
  // Where nobody is likely to be in time, the one with the most time is tried by itself.
  let best: Window = { from: candidates.length - 1, to: candidates.length };
  let bestValue = 0;
  for (let size = 1; ; size = Math.min(2 * size, rowsMax)) {
    const from = firstInTime(candidates, now + times.likelyMs(size, now));
    const { to, rows } = fill(candidates, from, size);
    const perMs = rows / Math.max(runMsMin, times.meanMs(rows, now));
    const value = from === 0 ? perMs * gainMin : perMs;
    if (value >= bestValue && to > from) {
      best = { from, to };
      bestValue = value;
    }
    if (size >= rowsMax) return best;
  }
}

/** Where nothing is known, all runs take equally long. */
const runMsMin = 0.001;

function firstInTime(candidates: readonly Candidate[], endMs: number): number {
  const at = candidates.findIndex(({ deadlineMs }) => deadlineMs >= endMs);
  return at < 0 ? candidates.length : at;
}

function fill(candidates: readonly Candidate[], from: number, rowsMax: number) {
  let rows = 0;
  let to = from;
  for (let next = candidates[to]; next !== undefined; next = candidates[to]) {
    if (rows + next.rows > rowsMax) break;
    rows += next.rows;
    to += 1;
  }
  return { to, rows };
}
