/**
 * Keeps a process from taking more requests than it can answer in time.
 *
 * 1. A turn of the event loop takes what has come in since the one before. Where that is more work
 *    than there was time for it to come in, turns grow, and behind them requests wait where nobody
 *    sees them. After a pause there is a long turn, but the next ones shrink; and where callers
 *    wait for their answers, turns stay as they are, however many callers there be.
 * 2. While there is too much, a turn takes as many requests as it may, evenly spread over all that
 *    are expected, so that it does not matter whose connection is read first.
 * 3. A turn may take hundreds. So where fewer come, which is when the load ends or few callers wait
 *    for their answers, everything is taken, whatever was before.
 */
export type LoadShedderOptions = {
  /** A turn may take what is answered in so long, if that is more than the least. */
  readonly turnMsMax: number;
};

export type Turn = {
  readonly sinceMs: number;
  readonly nowMs: number;
};

/** So few are taken always. */
const fewMax = 256;
/**
 * What a turn takes at least of what is too much. Workers are given no more than their credit in a
 * turn, often two batches of 64: what is taken beyond that waits, and makes turns longer, too.
 */
const takenMin = 128;
/** What comes in is averaged over so long, and what it costs. */
const rateMemoryMs = 300;
const costMemoryMs = 1_000;
/** What a refusal costs, compared to an answer. */
const refusalCost = 0.4;
/** Time's worth of work that comes in a unit of time, averaged, where turns grow. */
const loadMax = 1.1;
/** In a single turn, which varies more. */
const turnLoadMax = 1.5;
/** Of a turn that is longer than it may be by this factor little more is borne than it is. */
const longTurn = 4;
const longLoadMax = 0.8;
/** For so long after too much came nothing is taken beyond what a turn may take. */
const cautionMs = 500;
/** Steps of this size come to lie evenly, whatever others alternate in. */
const goldenRatio = 0.618033988749895;

export class LoadShedder {
  readonly #options: LoadShedderOptions;
  readonly #rate = { arrivals: 0, ms: 0 };
  readonly #cost = { answers: 0, ms: 0 };
  #arrivals = 0;
  #refused = 0;
  /** Of those that arrive in this turn. */
  #takenShare = 1;
  #place = 0;
  #middleMs: number | undefined;
  #cautiousUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: LoadShedderOptions) {
    this.#options = options;
  }

  /** Whether requests are being refused, or were a moment ago. */
  isShedding(nowMs: number): boolean {
    return nowMs < this.#cautiousUntilMs;
  }

  /** Whether a request that arrives now is taken. */
  admits(): boolean {
    this.#arrivals += 1;
    if (this.#takenShare === 1) return true;
    this.#place = (this.#place + goldenRatio) % 1;
    if (this.#place < this.#takenShare) return true;
    this.#refused += 1;
    return false;
  }

  /**
   * A turn ends. Every turn in which requests arrive is to be told, and after one that was not
   * short the next one even if none do.
   */
  turn({ sinceMs, nowMs }: Turn): void {
    const [arrivals, refused] = [this.#arrivals, this.#refused];
    [this.#arrivals, this.#refused] = [0, 0];
    const turnMs = nowMs - sinceMs;
    const passedMs = this.#passedMs(sinceMs, nowMs);
    this.#remember({ arrivals, refused, passedMs, turnMs });
    const costMs = this.#costMs();
    const perMs = this.#rate.ms === 0 ? 0 : this.#rate.arrivals / this.#rate.ms;

    const inTime = this.#options.turnMsMax / costMs;
    const many = Math.max(fewMax, inTime);
    const isLong = arrivals > many * longTurn;
    const isGrowing =
      arrivals * costMs > turnLoadMax * passedMs ||
      perMs * costMs > (isLong ? longLoadMax : loadMax);
    const isTooMuch = arrivals > many && isGrowing;
    if (isTooMuch || refused > 0) this.#cautiousUntilMs = nowMs + cautionMs;
    // The next turn takes what comes during this one.
    const coming = perMs * turnMs;
    const isLimited = this.isShedding(nowMs) && coming > many;
    this.#takenShare = isLimited ? Math.max(takenMin, inTime) / coming : 1;
  }

  /**
   * In how long the arrivals of a turn came. Its connections are read one after the other, each for
   * what came since it was read the last time, which is on the whole from middle to middle.
   */
  #passedMs(sinceMs: number, nowMs: number): number {
    const lastMs = this.#middleMs ?? (3 * sinceMs - nowMs) / 2;
    this.#middleMs = (sinceMs + nowMs) / 2;
    return this.#middleMs - lastMs;
  }

  /** How long a turn takes for each answer; 0 while that is not known. */
  #costMs(): number {
    const { answers, ms } = this.#cost;
    return answers === 0 ? 0 : ms / answers;
  }

  #remember(turn: {
    readonly arrivals: number;
    readonly refused: number;
    readonly passedMs: number;
    readonly turnMs: number;
  }): void {
    const { arrivals, refused, passedMs, turnMs } = turn;
    const rateKept = Math.exp(-passedMs / rateMemoryMs);
    this.#rate.arrivals = this.#rate.arrivals * rateKept + arrivals;
    this.#rate.ms = this.#rate.ms * rateKept + passedMs;
    const costKept = Math.exp(-passedMs / costMemoryMs);
    const answers = arrivals - refused + refused * refusalCost;
    this.#cost.answers = this.#cost.answers * costKept + answers;
    this.#cost.ms = this.#cost.ms * costKept + turnMs;
  }
}
