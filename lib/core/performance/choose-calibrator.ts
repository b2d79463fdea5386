import { type Draw, shuffledIndexes } from "../random.ts";
import { CalibrationBins } from "./calibration-bins.ts";
import { type Calibrator, calibrate, fitIsotonic, type ScoredLabels } from "./isotonic.ts";

const splits = 10;

/**
 * A calibrator for the scores of a model, or undefined where they are best left alone: it is used
 * only if it lowers the expected calibration error of rows it was not fitted on, on the mean over
 * ten splits. Undefined, too, where one side has fewer rows than there are splits. Scores are in
 * [0, 1]. The same draws give the same answer.
 */
export function chooseCalibrator(rows: ScoredLabels, draw: Draw): Calibrator | undefined {
  const split = stratify(rows.labels, draw);
  if (split === undefined) return undefined;
  let [before, after] = [0, 0];
  for (let held = 0; held < splits; held += 1) {
    const calibrator = fitIsotonic(select(rows, (row) => split[row] !== held));
    const { scores, labels } = select(rows, (row) => split[row] === held);
    if (calibrator === undefined) return undefined;
    before += errorOf(scores, labels);
    const calibrated = scores.map((score) => calibrate(calibrator, score));
    after += errorOf(calibrated, labels);
  }
  return after < before ? fitIsotonic(rows) : undefined;
}

/** For each row its split; every split has its share of both labels. */
function stratify(labels: Uint8Array, draw: Draw): Uint8Array | undefined {
  const split = new Uint8Array(labels.length);
  for (const side of [0, 1]) {
    const rows = [...labels.keys()].filter((row) => labels[row] === side);
    if (rows.length < splits) return undefined;
    for (const [place, index] of shuffledIndexes(rows.length, draw).entries()) {
      split[rows[index] as number] = place % splits;
    }
  }
  return split;
}

function select({ scores, labels }: ScoredLabels, isIn: (row: number) => boolean): ScoredLabels {
  return {
    scores: scores.filter((_, row) => isIn(row)),
    labels: labels.filter((_, row) => isIn(row)),
  };
}

function errorOf(scores: Float64Array, labels: Uint8Array): number {
  const bins = new CalibrationBins();
  for (const [row, score] of scores.entries()) bins.count(score, labels[row] === 1);
  return bins.error ?? 0;
}
