/**
 * Keeps a process from taking more requests than it can answer in time.
 *
 * 1. What one turn of the event loop has to do tells how much came in meanwhile: a loop that keeps
 *    up has short turns, and behind one that does not, requests pile up where nobody sees them. A
 *    single long turn proves nothing (garbage is collected, a large message copied): only a whole
 *    interval of long turns does.
 * 2. Then requests are taken at a limited rate, at first a little less than were taken before.
 *    While turns stay long the rate goes down by a part, the longer the more, else up by a smaller
 *    one, so that it keeps near what can be answered.
 * 3. When nothing had to be refused for some intervals the limit goes.
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

const intervalMsMin = 100;
const intervalTurnsMin = 2;
/**
 * Turns with fewer arrivals are not for refusals to mend: callers who wait for their answers make
 * them as long as they are many, and large requests are bounded by their bytes.
 */
const turnArrivalsMin = 256;
const rateAtFirst = 0.9;
const rateDown = 0.85;
const rateDownMin = 0.3;
const rateUp = 1.05;
/** Where turns are shorter than half of what they may be. */
const rateUpFast = 1.2;
/** Tokens are kept for so long, so that what comes unevenly is taken evenly. */
const burstMs = 20;
const calmIntervals = 5;
const perMsMin = 0.01;

export class LoadShedder {
  readonly #options: LoadShedderOptions;
  #isShedding = false;
  #perMs = 0;
  #tokens = 0;
  #tokensMs = 0;
  #calm = 0;
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
    this.#interval.arrivals += 1;
    if (!this.#isShedding) return true;
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
  turn(turn: Turn): void {
    const interval = this.#interval;
    const { busyMs, sinceMs, nowMs } = turn;
    const hadNothing = sinceMs - interval.lastMs > intervalMsMin;
    interval.lastMs = nowMs;
    interval.turns += 1;
    interval.turnMsMin = Math.min(interval.turnMsMin, busyMs);
    const passedMs = nowMs - interval.sinceMs;
    if (hadNothing && !this.#isShedding) {
      this.#interval = newInterval(nowMs);
      return;
    }
    if (passedMs < intervalMsMin || interval.turns < intervalTurnsMin) return;
    const areMany = interval.arrivals >= turnArrivalsMin * interval.turns;
    const isLong = areMany && interval.turnMsMin > this.#options.turnMsMax;
    this.#judge(isLong, passedMs, nowMs);
    this.#interval = newInterval(nowMs);
  }

  #judge(isLong: boolean, passedMs: number, nowMs: number): void {
    const { arrivals, refused } = this.#interval;
    if (!this.#isShedding) {
      if (isLong) this.#begin((arrivals / passedMs) * rateAtFirst, nowMs);
      return;
    }
    this.#calm = refused === 0 && !isLong ? this.#calm + 1 : 0;
    this.#isShedding = this.#calm < calmIntervals;
    if (isLong) this.#perMs = Math.max(perMsMin, this.#perMs * this.#down());
    else if (refused > 0) this.#perMs *= this.#up();
  }

  #down(): number {
    const part = Math.sqrt((2 * this.#options.turnMsMax) / this.#interval.turnMsMin);
    return Math.min(rateDown, Math.max(rateDownMin, part));
  }

  #up(): number {
    return this.#interval.turnMsMin < this.#options.turnMsMax / 2 ? rateUpFast : rateUp;
  }

  #begin(perMs: number, nowMs: number): void {
    this.#isShedding = true;
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
    turnMsMin: Number.POSITIVE_INFINITY,
    arrivals: 0,
    refused: 0,
  };
}
