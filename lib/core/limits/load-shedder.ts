/**
 * Keeps a process from taking more requests than it can answer in time.
 *
 * 1. What one turn of the event loop has to do tells how much came in meanwhile: a loop that keeps
 *    up has short turns, and behind one that does not, requests pile up where nobody sees them. A
 *    single long turn proves nothing (garbage is collected, a large message copied): only where
 *    most requests of an interval come in long turns are there too many.
 * 2. Then requests are taken at a limited rate, at first a little less than were taken before.
 *    While most come in long turns the rate goes down by a part, the longer the more, else up by a
 *    smaller one, so that it keeps near what can be answered.
 * 3. When nothing had to be refused for some intervals the limit goes, and when nothing came at all
 *    for a while: the last turns say nothing about what comes then.
 */
export type LoadShedderOptions = {
  /** Turns longer than this are long. */
  readonly turnMsMax: number;
};

export type Turn = {
  /** Processor time of it, less than the time that passed where others had the processor. */
  readonly busyMs: number;
  readonly sinceMs: number;
  readonly nowMs: number;
};

const intervalMs = 100;
/** At least so many turns; where they are very long an interval takes longer. */
const intervalTurnsMin = 2;
/**
 * Turns with fewer arrivals are not for refusals to mend: callers who wait for their answers make
 * them as long as they are many, and large requests are bounded by their bytes.
 */
const longArrivalsMin = 256;
/** The share of requests in long turns from which there are too many, and below which few. */
const many = 0.5;
const few = 0.1;
const rateDown = 0.85;
const rateDownMin = 0.3;
const rateUp = 1.05;
/** Where few requests come in long turns. */
const rateUpFast = 1.2;
/** Tokens are kept for so long, so that what comes unevenly is taken evenly. */
const burstMs = 20;
const calmIntervals = 5;
/** What piled up during a pause is worked off in less, unless turns are very long. */
const longIntervals = 2;
const perMsMin = 0.01;
/** No turn with arrivals for so long is idleness: a turn under a limit takes far less. */
const idleMs = 1_000;

export class LoadShedder {
  readonly #options: LoadShedderOptions;
  #isShedding = false;
  #perMs = 0;
  #tokens = 0;
  #tokensMs = 0;
  #calm = 0;
  #long = 0;
  #turnArrivals = 0;
  #interval = newInterval(0);

  constructor(options: LoadShedderOptions) {
    this.#options = options;
  }

  /** Whether requests are being refused, or might be. */
  get isShedding(): boolean {
    return this.#isShedding;
  }

  /** Whether a request that arrives now is taken. */
  admits(nowMs: number): boolean {
    const isFirst = this.#turnArrivals === 0;
    this.#turnArrivals += 1;
    if (!this.#isShedding) return true;
    // Only at its beginning: a turn that itself takes that long is the opposite of idleness.
    if (isFirst && nowMs - this.#interval.lastMs > idleMs) {
      this.#isShedding = false;
      return true;
    }
    const gained = Math.max(0, nowMs - this.#tokensMs) * this.#perMs;
    this.#tokens = Math.min(this.#tokens + gained, Math.max(1, burstMs * this.#perMs));
    this.#tokensMs = nowMs;
    if (this.#tokens < 1) {
      this.#interval.refused += 1;
      return false;
    }
    this.#tokens -= 1;
    return true;
  }

  /** A turn in which requests arrived had so much to do, and ends now. */
  turn({ busyMs, sinceMs, nowMs }: Turn): void {
    // After a pause what came before it says nothing any more.
    if (!this.#isShedding && sinceMs - this.#interval.lastMs > intervalMs) {
      this.#interval = newInterval(sinceMs);
      this.#long = 0;
    }
    const interval = this.#interval;
    const arrivals = this.#turnArrivals;
    this.#turnArrivals = 0;
    interval.lastMs = nowMs;
    interval.turns += 1;
    interval.arrivals += arrivals;
    if (busyMs > this.#options.turnMsMax && arrivals >= longArrivalsMin) {
      interval.longTurns += 1;
      interval.longMs += busyMs;
      interval.longArrivals += arrivals;
    }
    const passedMs = nowMs - interval.sinceMs;
    if (passedMs < intervalMs || interval.turns < intervalTurnsMin) return;
    this.#judge(interval.longArrivals / interval.arrivals, passedMs, nowMs);
    this.#interval = newInterval(nowMs);
  }

  #judge(longShare: number, passedMs: number, nowMs: number): void {
    const { arrivals, refused } = this.#interval;
    const isLong = longShare > many;
    const down = this.#down();
    if (!this.#isShedding) {
      this.#long = isLong ? this.#long + 1 : 0;
      const isPlain = isLong && down < rateDown;
      if (isPlain || this.#long >= longIntervals) this.#begin((arrivals / passedMs) * down, nowMs);
      return;
    }
    this.#calm = refused === 0 && !isLong ? this.#calm + 1 : 0;
    this.#isShedding = this.#calm < calmIntervals;
    if (isLong) this.#perMs = Math.max(perMsMin, this.#perMs * down);
    else if (refused > 0) this.#perMs *= longShare < few ? rateUpFast : rateUp;
  }

  /** What the rate is to go down by: the longer turns are, the more. */
  #down(): number {
    const { longMs, longTurns } = this.#interval;
    if (longTurns < intervalTurnsMin) return rateDown;
    const part = Math.sqrt((2 * this.#options.turnMsMax * longTurns) / longMs);
    return Math.min(rateDown, Math.max(rateDownMin, part));
  }

  #begin(perMs: number, nowMs: number): void {
    this.#isShedding = true;
    this.#long = 0;
    this.#perMs = perMs;
    this.#tokens = 0;
    this.#tokensMs = nowMs;
    this.#calm = 0;
  }
}

function newInterval(nowMs: number) {
  return {
    sinceMs: nowMs,
    lastMs: nowMs,
    turns: 0,
    arrivals: 0,
    refused: 0,
    longTurns: 0,
    longMs: 0,
    longArrivals: 0,
  };
}
