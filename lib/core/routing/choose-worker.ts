/** What is known of a worker's load. */
export type WorkerLoad = {
  /** Requests it holds of this gateway. */
  readonly inFlight: number;
  /** How long a request lately spent in it, in microseconds; 0 where nothing is known. */
  readonly serviceUs: number;
};

/** Two draws from [0, 1). */
export type TwoDraws = readonly [number, number];

/** What it costs to have an idle worker do anything: messages and changes of thread, both ways. */
const wakingUs = 300;
/** Times of two workers that are no further apart are the same but for noise. */
const alike = 2;

/**
 * Of two candidates drawn at random and the one that was chosen last, the one that would be done
 * sooner: the fewest requests ahead, each as long as one lately took there. The best of all would
 * have every gateway run after the same worker; the best of these is nearly as even and does not.
 * Little work stays with the worker that had the last, whose code and caches are warm: while that
 * is idle, and while what it has ahead is less than what waking another costs. Undefined when there
 * are no candidates.
 */
export function chooseWorker<Candidate extends WorkerLoad>(
  candidates: readonly Candidate[],
  draws: TwoDraws,
  latest?: Candidate,
): Candidate | undefined {
  const first = Math.floor(draws[0] * candidates.length);
  // The second is drawn from the others.
  const step = 1 + Math.floor(draws[1] * (candidates.length - 1));
  const one = candidates[first];
  const other = candidates[(first + step) % candidates.length];
  if (one === undefined || other === undefined) return one;
  const drawn = workAhead(other) < workAhead(one) ? other : one;
  if (latest === undefined || !candidates.includes(latest)) return drawn;
  const tolerance = latest.inFlight === 0 ? alike : 1;
  return workAhead(drawn) * tolerance < workAhead(latest) ? drawn : latest;
}

function workAhead({ inFlight, serviceUs }: WorkerLoad): number {
  // A worker nobody has heard from counts as fast, so that it is tried.
  const workUs = (inFlight + 1) * Math.max(1, serviceUs);
  return inFlight === 0 ? workUs + wakingUs : workUs;
}
