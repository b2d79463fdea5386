import { type Bitmap, emptyBitmap, isSet, setBit } from "../bitmap.ts";
import { closest } from "../closest.ts";
import { Failure } from "../failure.ts";
import type { FeatureSpec, ModelSpec, TensorSpec } from "../model/spec.ts";
import { quote, quoteAll } from "../quote.ts";
import { allocate, type TensorData } from "../tensor/dtype.ts";
import { formatShape, type Tensor } from "../tensor/tensor.ts";
import { type CellValue, missingElement, toElement, wrongCell } from "./cell.ts";
import type { Column } from "./column.ts";
import type { RowFailures } from "./row-failures.ts";

/**
 * Values that a request may come to, defaults included: beside the few columns a caller sends a
 * model may have hundreds that it does not.
 */
const valuesMax = 2 ** 24;

export type PredictInputs = {
  readonly rows: number;
  readonly inputs: readonly Tensor[];
  /** Features of which the caller left rows out, whatever stands in their place. */
  readonly nulls: ReadonlyMap<string, Bitmap>;
};

/**
 * Columns by feature name as the tensors the model takes, in the order of its inputs. A column or a
 * row that is missing takes the feature's default; without one, an optional float is NaN and
 * everything else is refused. Throws an invalid-argument Failure that names the feature.
 *
 * Given `failures`, rows whose own values cannot be taken are added to them and left at zeros and
 * empty texts, instead.
 */
export function toInputs(
  spec: ModelSpec,
  columns: readonly Column[],
  failures?: RowFailures,
): PredictInputs {
  const byName = indexColumns(spec, columns);
  const rows = countRows(columns);
  if (rows * spec.features.length > valuesMax) {
    const most = Math.floor(valuesMax / spec.features.length);
    throw new Failure("invalid-argument", `${rows} rows given, this model takes at most ${most}`);
  }
  const nulls = new Map<string, Bitmap>();
  const inputs = spec.inputs.map((input) => {
    const features = featuresOf(spec, input);
    const width = input.shape.length === 2 ? features.length : 1;
    const data = allocate(input.dtype, rows * width);
    for (const feature of features) {
      const missing = fill(data, {
        ...{ feature, width, rows, failures },
        column: byName.get(feature.name),
      });
      if (missing !== undefined) nulls.set(feature.name, missing);
    }
    const shape = input.shape.length === 2 ? [rows, width] : [rows];
    return { name: input.name, dtype: input.dtype, shape, data };
  });
  return { rows, inputs, nulls };
}

function indexColumns(spec: ModelSpec, columns: readonly Column[]): Map<string, Column> {
  const names = spec.features.map((feature) => feature.name);
  const byName = new Map<string, Column>();
  for (const column of columns) {
    if (!names.includes(column.name)) {
      const meant = closest(column.name, names);
      const hint = meant === undefined ? "" : ` Did you mean ${quote(meant)}?`;
      const problem = `unknown feature ${quote(column.name)}.${hint}`;
      throw new Failure("invalid-argument", `${problem} The model takes ${quoteAll(names)}`);
    }
    if (byName.has(column.name)) {
      throw new Failure("invalid-argument", `feature ${quote(column.name)} is given twice`);
    }
    byName.set(column.name, column);
  }
  return byName;
}

function countRows(columns: readonly Column[]): number {
  const [first] = columns;
  const rows = first?.values.values.length ?? 0;
  if (first === undefined || rows === 0) throw new Failure("invalid-argument", "no rows given");
  for (const column of columns) {
    const length = column.values.values.length;
    if (length === rows) continue;
    const expected = `expected ${rows} values, as ${quote(first.name)} has`;
    const problem = `feature ${quote(column.name)}: ${expected}, got ${length}`;
    throw new Failure("invalid-argument", problem);
  }
  return rows;
}

/** The features of one input in column order. Throws where they do not make up the whole of it. */
function featuresOf(spec: ModelSpec, input: TensorSpec): FeatureSpec[] {
  const features = spec.features
    .filter((feature) => feature.input === input.name)
    .toSorted((one, other) => one.column - other.column);
  const [, declared = 1] = input.shape;
  // A width that varies is the width of what is declared.
  const width = declared === -1 ? Math.max(1, features.length) : declared;
  const isTable = input.shape.length === 1 || input.shape.length === 2;
  const isWhole = features.length === width && features.every((each, at) => each.column === at);
  if (isTable && isWhole) return features;
  const what = `input ${quote(input.name)} of shape ${formatShape(input.shape)}`;
  const problem = `${what} has no feature for each of its columns: use ModelInfer`;
  throw new Failure("failed-precondition", problem);
}

type Source = {
  readonly feature: FeatureSpec;
  readonly column: Column | undefined;
  readonly rows: number;
  readonly width: number;
  readonly failures: RowFailures | undefined;
};

/** Writes one column of the tensor; gives back the rows that were missing, if any. */
function fill(data: TensorData, source: Source): Bitmap | undefined {
  const progress: Progress = { row: 0, missing: undefined };
  while (progress.row < source.rows) {
    try {
      fillOn(data, source, progress);
    } catch (error) {
      const { failures, column } = source;
      // Without its column every row fails, for a reason that is no row's own.
      const isOfRow = failures !== undefined && column !== undefined && error instanceof Failure;
      if (!isOfRow) throw error;
      failures.add(progress.row, error);
      progress.row += 1;
    }
  }
  return progress.missing;
}

type Progress = { row: number; missing: Bitmap | undefined };

function fillOn(data: TensorData, source: Source, progress: Progress): void {
  const { feature, column, rows, width } = source;
  const target = data as CellValue[];
  for (; progress.row < rows; progress.row += 1) {
    const { row } = progress;
    const index = row * width + feature.column;
    const value = column?.values.values[row];
    if (column === undefined || value === undefined || isSet(column.nulls, row)) {
      target[index] = substitute(source, row);
      progress.missing ??= emptyBitmap(rows);
      setBit(progress.missing, row);
    } else {
      target[index] = toElement(feature, value, row);
    }
  }
}

function substitute({ feature, column }: Source, row: number): CellValue {
  if (feature.default !== undefined) return toElement(feature, feature.default, row);
  const element = feature.required ? undefined : missingElement(feature.dtype);
  if (element !== undefined) return element;
  if (column !== undefined) throw wrongCell(feature, row, "has no value, and there is no default");
  const problem = `feature ${quote(feature.name)} (${feature.dtype}) is missing and has no default`;
  throw new Failure("invalid-argument", problem);
}
