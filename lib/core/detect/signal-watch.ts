/**
 * Finds changes of the level of a signal: a stream of means, each of a few rows or of many.
 *
 * 1. The first means are passed over: a process that has just started is slow, and a change that
 *    has just been found is still under way.
 * 2. From the next ones it learns the mean, the standard deviation and the usual number of rows.
 *    The mean of fewer rows scatters more and is drawn nearer accordingly; that of more counts no
 *    more for it, because rows of one message are often alike. Where one mean is like the one
 *    before, a run of them scatters more than others do: the deviation is widened for it.
 * 3. Every further one, less the mean and in standard deviations, goes to ADWIN and to
 *    Page–Hinkley. Whichever finds a change first tells it, and everything begins anew. Beyond five
 *    standard deviations all is the same: one message is no change of level.
 * 4. A change that does not matter is not told, but kept in mind: several of them may add up.
 */
import { Adwin, type AdwinState, adwinDefaults } from "./adwin.ts";
import { PageHinkley, type PageHinkleyState, pageHinkleyDefaults } from "./page-hinkley.ts";

export const detectors = ["adwin", "page_hinkley"] as const;
export type Detector = (typeof detectors)[number];

export type SignalOptions = {
  /** No standard deviation is taken for less than this, nor than this share of the mean. */
  readonly sdMin: number;
  readonly sdShareMin: number;
};

/** From one level to another: means over rows. */
export type LevelChange = {
  readonly detector: Detector;
  readonly before: number;
  readonly after: number;
};

/** Plain data of bounded size. */
export type SignalState = {
  readonly passed: number;
  readonly count: number;
  readonly rows: number;
  readonly total: number;
  readonly learnt: Learnt | undefined;
  readonly untold: number | undefined;
  readonly recent: Float64Array;
  readonly recentRows: Float64Array;
  readonly adwin: AdwinState;
  readonly pageHinkley: PageHinkleyState;
};

type Learnt = { readonly mean: number; readonly sd: number; readonly rows: number };

const passedMax = 32;
/** Means that are learnt from, and of the latest that are remembered. */
const recentMax = 128;
const likenessMax = 0.8;
/** Squares of it, times rows, are numbers still. */
const meanMax = 1e100;
/** In standard deviations, as the next. */
const deviationMax = 5;
const changeMin = 0.25;
// Of ten signals that do not change one tells of a change once a month, see docs/adr/0042.
const adwinOptions = { ...adwinDefaults, delta: 2e-5, varianceMin: 1 };
const pageHinkleyOptions = { ...pageHinkleyDefaults, delta: 0.25, threshold: 50, alpha: 1 };

/** Takes a mean and the rows it is of. Its time and its size do not depend on how many came. */
export class SignalWatch {
  readonly #options: SignalOptions;
  #passed = 0;
  #count = 0;
  #rows = 0;
  /** Of means times their rows. */
  #total = 0;
  #learnt: Learnt | undefined;
  /** The level that was told last, where it has changed since by less than matters. */
  #untold: number | undefined;
  /** The latest means, in a circle. */
  readonly #recent: Float64Array;
  readonly #recentRows: Float64Array;
  #adwin: Adwin;
  #pageHinkley: PageHinkley;

  constructor(options: SignalOptions, state?: SignalState) {
    this.#options = options;
    this.#recent = state?.recent.slice() ?? new Float64Array(recentMax);
    this.#recentRows = state?.recentRows.slice() ?? new Float64Array(recentMax);
    this.#adwin = new Adwin(adwinOptions, state?.adwin);
    this.#pageHinkley = new PageHinkley(pageHinkleyOptions, state?.pageHinkley);
    if (state === undefined) return;
    this.#passed = state.passed;
    this.#count = state.count;
    this.#rows = state.rows;
    this.#total = state.total;
    this.#learnt = state.learnt;
    this.#untold = state.untold;
  }

  /** What is no number to reckon with, or of no rows, is passed over. */
  update(mean: number, rows: number): LevelChange | undefined {
    if (!(Math.abs(mean) < meanMax) || !(rows > 0)) return undefined;
    if (this.#passed < passedMax) {
      this.#passed += 1;
      return undefined;
    }
    this.#recent[this.#count % recentMax] = mean;
    this.#recentRows[this.#count % recentMax] = rows;
    this.#count += 1;
    this.#rows += rows;
    this.#total += mean * rows;
    if (this.#learnt === undefined) {
      if (this.#count === recentMax) this.#learn();
      return undefined;
    }
    const deviation = deviationOf(mean, rows, this.#learnt);
    const bounded = Math.min(deviationMax, Math.max(-deviationMax, deviation));
    const isFound = this.#pageHinkley.update(bounded);
    if (isFound) return this.#found("page_hinkley", this.#pageHinkley.valuesSince, this.#learnt);
    if (!this.#adwin.update(bounded)) return undefined;
    return this.#found("adwin", this.#adwin.valuesSince, this.#learnt);
  }

  state(): SignalState {
    return {
      passed: this.#passed,
      count: this.#count,
      rows: this.#rows,
      total: this.#total,
      learnt: this.#learnt,
      untold: this.#untold,
      recent: this.#recent.slice(),
      recentRows: this.#recentRows.slice(),
      adwin: this.#adwin.state(),
      pageHinkley: this.#pageHinkley.state(),
    };
  }

  #learn(): void {
    const mean = this.#total / this.#rows;
    const rows = this.#rows / recentMax;
    let squares = 0;
    let products = 0;
    let before = 0;
    for (let place = 0; place < recentMax; place += 1) {
      const rowsThen = this.#recentRows[place] as number;
      const deviation = deviationOf(this.#recent[place] as number, rowsThen, { mean, rows, sd: 1 });
      squares += deviation * deviation;
      products += deviation * before;
      before = deviation;
    }
    const likeness = squares > 0 ? Math.min(likenessMax, Math.max(0, products / squares)) : 0;
    const wide = Math.sqrt((squares / recentMax) * ((1 + likeness) / (1 - likeness)));
    const { sdMin, sdShareMin } = this.#options;
    const sd = Math.max(wide, sdMin, sdShareMin * Math.abs(mean));
    this.#learnt = { mean, sd, rows };
  }

  /** Whether there is something to tell; the next mean begins anew. */
  #found(detector: Detector, valuesSince: number, { sd }: Learnt): LevelChange | undefined {
    const { before, after } = this.#levels(valuesSince);
    this.#passed = 0;
    this.#count = 0;
    this.#rows = 0;
    this.#total = 0;
    this.#learnt = undefined;
    this.#adwin = new Adwin(adwinOptions);
    this.#pageHinkley = new PageHinkley(pageHinkleyOptions);
    const from = this.#untold ?? before;
    const isTold = Math.abs(after - from) >= changeMin * sd;
    this.#untold = isTold ? undefined : from;
    return isTold ? { detector, before: from, after } : undefined;
  }

  /** The levels before and after the latest `valuesSince` means began, as far as it is known. */
  #levels(valuesSince: number): { readonly before: number; readonly after: number } {
    const known = this.#sumOf(Math.min(valuesSince, recentMax));
    // Some may be of before: the newer half is not. Those not remembered are like the others.
    const { rows, total } = this.#sumOf(Math.ceil(Math.min(valuesSince, recentMax) / 2));
    const unknown = Math.max(0, valuesSince / recentMax - 1);
    const rowsBefore = this.#rows - known.rows * (1 + unknown);
    const before = (this.#total - known.total * (1 + unknown)) / rowsBefore;
    return { before, after: total / rows };
  }

  /** Of the latest `count` means. */
  #sumOf(count: number): { readonly rows: number; readonly total: number } {
    let rows = 0;
    let total = 0;
    for (let age = 1; age <= count; age += 1) {
      const place = (this.#count - age) % recentMax;
      rows += this.#recentRows[place] as number;
      total += (this.#recent[place] as number) * (this.#recentRows[place] as number);
    }
    return { rows, total };
  }
}

function deviationOf(value: number, rows: number, { mean, sd, rows: usual }: Learnt): number {
  return ((value - mean) / sd) * Math.sqrt(Math.min(1, rows / usual));
}
