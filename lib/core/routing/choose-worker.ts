/** What is known of a worker's load. */
export type WorkerLoad = {
  /** Requests it holds of this gateway. */
  readonly inFlight: number;
  /** How long a request lately spent in it, in microseconds; 0 where nothing is known. */
  readonly serviceUs: number;
};

/** Two draws from [0, 1). */
export type TwoDraws = readonly [number, number];

/**
 * Of two candidates drawn at random, the one that would be done sooner: the fewest requests ahead,
 * each as long as one lately took there. The best of all would have every gateway run after the
 * same worker; the best of two is nearly as even and does not. Undefined when there are no
 * candidates.
 */
export function chooseWorker<Candidate extends WorkerLoad>(
  candidates: readonly Candidate[],
  draws: TwoDraws,
): Candidate | undefined {
  const first = Math.floor(draws[0] * candidates.length);
  // The second is drawn from the others.
  const step = 1 + Math.floor(draws[1] * (candidates.length - 1));
  const one = candidates[first];
  const other = candidates[(first + step) % candidates.length];
  if (one === undefined || other === undefined) return one;
  return workAhead(other) < workAhead(one) ? other : one;
}

function workAhead(load: WorkerLoad): number {
  // A worker nobody has heard from counts as fast, so that it is tried.
  return (load.inFlight + 1) * Math.max(1, load.serviceUs);
}
