import type { Calibration } from "#core/performance/calibration.ts";
import { chooseCalibrator } from "#core/performance/choose-calibrator.ts";
import { isProbability } from "#core/performance/classification-tally.ts";
import { resolveTask, type TaskSource } from "#core/performance/resolve-task.ts";
import { type OutputValues, RowReader } from "#core/performance/row-reader.ts";
import { seededDraw } from "#core/random.ts";
import type { Row } from "../bulk/value.ts";
import type { FileColumn } from "./column.ts";
import { categoryOf, numberOf } from "./value.ts";

export type CalibrationSource = {
  readonly performance: TaskSource;
  readonly outputs: readonly FileColumn[];
  /** Titles of the file's columns. */
  readonly titles: readonly string[];
  /** The one that says what came of a row. */
  readonly actual: string;
};

/** How the split of a row is called that the model was not trained on, and its column. */
const held = { column: "split", value: "test" };

/**
 * Scores of a file's rows with what came of them, on their way to a calibration. Of a file that
 * says which rows the model was trained on, the others alone: those it has seen would flatter it.
 */
export class CalibrationRows {
  readonly #actual: string;
  readonly #isSplit: boolean;
  readonly #classes: number;
  readonly #reader: RowReader;
  readonly #read: ReturnType<RowReader["open"]>;
  #row: Row = {};
  readonly #scores: number[] = [];
  readonly #labels: number[] = [];

  private constructor(reader: RowReader, classes: number, source: CalibrationSource) {
    const { outputs, titles, actual } = source;
    this.#actual = actual;
    this.#isSplit = titles.includes(held.column);
    this.#classes = classes;
    this.#reader = reader;
    this.#read = reader.open(new Map(outputs.map((column) => [column.name, this.#values(column)])));
  }

  /** Undefined where the file does not say what came of rows, or where no classes are predicted. */
  static open(source: CalibrationSource): CalibrationRows | undefined {
    const { performance, outputs, titles, actual } = source;
    if (!titles.includes(actual)) return undefined;
    const columns = outputs.map(({ name, type }) => ({ name, isText: type === "category" }));
    const task = resolveTask(performance, columns);
    if (typeof task === "string" || task.kind === "regression") return undefined;
    return new CalibrationRows(new RowReader(task), task.classes.length, source);
  }

  /** How many have a probability and a known outcome. */
  get size(): number {
    return this.#scores.length;
  }

  add(row: Row): void {
    if (this.#isSplit && row[held.column] !== held.value) return;
    const text = categoryOf({ dtype: "BYTES" }, row[this.#actual]);
    const label = text === null ? undefined : this.#reader.labelOf(text);
    if (label === undefined) return;
    this.#row = row;
    const { predicted, scores } = this.#read?.(0) ?? { predicted: 0, scores: [] };
    const isOfTwo = this.#classes === 2;
    const score = scores[isOfTwo ? scores.length - 1 : predicted] ?? Number.NaN;
    if (!isProbability(score)) return;
    this.#scores.push(score);
    this.#labels.push(Number(label === (isOfTwo ? 1 : predicted)));
  }

  /** Undefined where the scores are as good as they are, or rows are too few to tell. */
  calibration(): Calibration | undefined {
    const scores = Float64Array.from(this.#scores);
    const labels = Uint8Array.from(this.#labels);
    const calibrator = chooseCalibrator({ scores, labels }, seededDraw(1));
    return calibrator && { classes: this.#classes, rows: scores.length, calibrator };
  }

  /** Of the row that is read. */
  #values(column: FileColumn): OutputValues {
    return column.type === "category"
      ? { kind: "texts", at: () => categoryOf(column, this.#row[column.title]) ?? "" }
      : {
          kind: "numbers",
          at: () => numberOf(column.dtype, this.#row[column.title]) ?? Number.NaN,
        };
  }
}
