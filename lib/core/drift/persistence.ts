/**
 * When drift of single windows becomes an alert, and when the alert ends.
 *
 * 1. `ok` becomes `pending` with a window above its limit, and `firing` once `firesAfter` of the
 *    last `windows` were.
 * 2. `firing` becomes `clearing` with a window that is clean, which is well below the limit, and
 *    `ok` after `clearsAfter` clean ones in a row. Any other window begins the row anew.
 * 3. A window with too few rows for a verdict is no evidence: it changes nothing.
 */
import { limitOf, type StatisticReport } from "./verdict.ts";

export type PersistenceState =
  | { readonly kind: "ok" }
  /** For the latest windows, newest last, whether they were above the limit; some are. */
  | { readonly kind: "pending"; readonly above: readonly boolean[] }
  | { readonly kind: "firing" }
  /** How many clean windows there have been in a row. */
  | { readonly kind: "clearing"; readonly clean: number };

/** What a window says: `between` is neither above the limit nor clean. */
export type Observation = "above" | "between" | "clean" | "insufficient";

export type Transition = {
  readonly from: PersistenceState["kind"];
  readonly to: PersistenceState["kind"];
};

export type PersistenceOptions = {
  readonly windows: number;
  readonly firesAfter: number;
  readonly clearsAfter: number;
};

export const persistenceDefaults: PersistenceOptions = {
  windows: 3,
  firesAfter: 2,
  clearsAfter: 3,
};

/** Before the first window. */
export const calm: PersistenceState = { kind: "ok" };

/** The share of the limit that a clean window stays at or below. */
const cleanShare = 0.8;

/** What a statistic says of its window. */
export function observe(report: StatisticReport): Observation {
  if (report.verdict === "insufficient") return "insufficient";
  if (report.verdict === "alarm") return "above";
  return report.value <= cleanShare * limitOf(report) ? "clean" : "between";
}

/** The state after another window; a transition where its kind has changed. */
export function step(
  state: PersistenceState,
  observation: Observation,
  options: PersistenceOptions = persistenceDefaults,
): { readonly state: PersistenceState; readonly transition: Transition | undefined } {
  const next = observation === "insufficient" ? state : advance(state, observation, options);
  const isSame = next.kind === state.kind;
  return { state: next, transition: isSame ? undefined : { from: state.kind, to: next.kind } };
}

function advance(
  state: PersistenceState,
  observation: Exclude<Observation, "insufficient">,
  options: PersistenceOptions,
): PersistenceState {
  if (state.kind === "ok" || state.kind === "pending") {
    const before = state.kind === "pending" ? state.above : [];
    return towardsFiring([...before, observation === "above"], options);
  }
  if (observation !== "clean") return { kind: "firing" };
  const clean = state.kind === "clearing" ? state.clean + 1 : 1;
  return clean >= options.clearsAfter ? calm : { kind: "clearing", clean };
}

function towardsFiring(above: readonly boolean[], options: PersistenceOptions): PersistenceState {
  const counted = above.slice(-options.windows);
  if (counted.filter(Boolean).length >= options.firesAfter) return { kind: "firing" };
  // The next window pushes out the oldest of a full row.
  const kept = options.windows > 1 ? counted.slice(-(options.windows - 1)) : [];
  return kept.includes(true) ? { kind: "pending", above: kept } : calm;
}
