import { hashText } from "../hash.ts";
import type { Calibrator } from "./isotonic.ts";

/**
 * How the scores of a model version are turned into probabilities, settled when its baseline is
 * made from rows whose outcome is known. Plain data.
 */
export type Calibration = {
  /** Of two the calibrated score is the last class's, of more that of the predicted one. */
  readonly classes: number;
  /** Rows it was made from. */
  readonly rows: number;
  readonly calibrator: Calibrator;
};

/** Equal names mean equal calibrators; empty where there is none. */
export function nameOfCalibrator(calibrator: Calibrator | undefined): string {
  if (calibrator === undefined) return "";
  return hashText(`${calibrator.scores.join()} ${calibrator.values.join()}`);
}
