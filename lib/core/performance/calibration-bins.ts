import { ExactAccumulator, type ExactState } from "./exact-accumulator.ts";

/** Equal bins of [0, 1]. */
export const calibrationBins = 10;

export type CalibrationState = readonly {
  readonly rows: number;
  readonly hits: number;
  readonly scores: ExactState;
}[];

type Bin = { rows: number; hits: number; readonly scores: ExactAccumulator };

/** Whether probabilities come true: of each bin its rows, Σp and Σy. */
export class CalibrationBins {
  readonly #bins: readonly Bin[];

  constructor(state?: CalibrationState) {
    this.#bins = Array.from({ length: calibrationBins }, (_, place) => {
      const bin = state?.[place];
      const scores = new ExactAccumulator(bin?.scores);
      return { rows: bin?.rows ?? 0, hits: bin?.hits ?? 0, scores };
    });
  }

  count(score: number, isHit: boolean, sign: 1 | -1 = 1): void {
    const place = Math.min(calibrationBins - 1, Math.floor(score * calibrationBins));
    const bin = this.#bins[place] as Bin;
    bin.rows += sign;
    if (isHit) bin.hits += sign;
    bin.scores.add(sign * score);
  }

  merge(state: CalibrationState): void {
    for (const [place, { rows, hits, scores }] of state.entries()) {
      const bin = this.#bins[place] as Bin;
      bin.rows += rows;
      bin.hits += hits;
      bin.scores.merge(scores);
    }
  }

  /**
   * Expected calibration error, Naeini, Cooper and Hauskrecht 2015: Σ over bins of |Σp − Σy| / n.
   * Undefined without rows.
   */
  get error(): number | undefined {
    let [rows, apart] = [0, 0];
    for (const bin of this.#bins) {
      rows += bin.rows;
      apart += Math.abs(bin.scores.value - bin.hits);
    }
    return rows === 0 ? undefined : apart / rows;
  }

  state(): CalibrationState {
    return this.#bins.map(({ rows, hits, scores }) => ({ rows, hits, scores: scores.state() }));
  }
}
