import type { FeatureSpec, TensorSpec } from "../model/spec.ts";
import type { Draw } from "../random.ts";
import { allocate, type Dtype, type TensorData } from "../tensor/dtype.ts";
import { toHalf } from "../tensor/half.ts";
import { elementCount, type Tensor } from "../tensor/tensor.ts";

/** What a model might want of its inputs and does not declare. */
export type ProbeAttempt = {
  /** Length of the dimensions, other than the first, that may vary. */
  readonly length: number;
  /**
   * Whole numbers go from 0 to this, those of the outlier to the other: they may be positions in a
   * table.
   */
  readonly integerMax: number;
  readonly outlierIntegerMax: number;
  readonly texts: readonly string[];
};

export type ProbeInputs = {
  readonly inputs: readonly TensorSpec[];
  readonly features: readonly FeatureSpec[];
};

/**
 * The sizes of the rows' numbers: what depends on a batch's largest number shows in its smallest.
 */
const rowScales = [0.001, 0.1, 1, 1, 10, 1000];
const outlierScale = 10_000;
export const probeRows: number = rowScales.length;

const words = ["a", "lorem ipsum", "no", "yes", "ümlaut", ""];
const digits = ["0", "1", "2", "10"];
const lengths = [4, 16, 64, 224, 1];
const integerRanges = [
  { integerMax: 7, outlierIntegerMax: 100 },
  { integerMax: 7, outlierIntegerMax: 7 },
  { integerMax: 1, outlierIntegerMax: 1 },
  { integerMax: 0, outlierIntegerMax: 0 },
];

/** A row larger than this says no more and takes long. */
const rowElementsMax = 1_000_000;

/**
 * Guesses worth trying, the likeliest first; only as far as the inputs leave anything to be
 * guessed.
 */
export function* probeAttempts({ inputs }: ProbeInputs): Generator<ProbeAttempt> {
  const isOpen = inputs.some((input) => input.shape.slice(1).includes(-1));
  const hasTexts = inputs.some((input) => input.dtype === "BYTES");
  const hasIntegers = inputs.some((input) => /INT/.test(input.dtype));
  for (const texts of hasTexts ? [words, digits] : [words]) {
    for (const length of isOpen ? lengths : [1]) {
      const widest = Math.max(0, ...inputs.map((input) => elementCount(resolve(input, 1, length))));
      if (widest > rowElementsMax) continue;
      for (const range of hasIntegers ? integerRanges : integerRanges.slice(0, 1)) {
        yield { length, texts, ...range };
      }
    }
  }
}

/**
 * Rows of very different scale, and one more that is far larger than all of them. Numbers and texts
 * stay within what the features declare, except that the outlier's decimals do not.
 */
export function makeProbeRows(probe: ProbeInputs, attempt: ProbeAttempt, draw: Draw): Tensor[] {
  return probe.inputs.map((input) => {
    const shape = resolve(input, probeRows + 1, attempt.length);
    const width = elementCount(shape.slice(1));
    const features = probe.features.filter((feature) => feature.input === input.name);
    const byColumn = new Map(features.map((feature) => [feature.column, feature]));
    const data = allocate(input.dtype, elementCount(shape));
    for (let index = 0; index < data.length; index += 1) {
      const row = Math.floor(index / width);
      const feature = byColumn.get(index % width);
      put(data, index, makeElement({ dtype: input.dtype, row, feature, attempt, draw }));
    }
    return { name: input.name, dtype: input.dtype, shape, data };
  });
}

function resolve(input: TensorSpec, rows: number, length: number): number[] {
  return input.shape.map((dim, axis) => (dim !== -1 ? dim : axis === 0 ? rows : length));
}

type Element = {
  readonly dtype: Dtype;
  readonly row: number;
  readonly feature: FeatureSpec | undefined;
  readonly attempt: ProbeAttempt;
  readonly draw: Draw;
};

function makeElement(element: Element): number | bigint | string {
  const { dtype, feature, attempt, draw } = element;
  switch (dtype) {
    case "BYTES": {
      const declared = feature?.categories ?? [];
      const texts = declared.length > 0 ? declared : attempt.texts;
      return texts[Math.floor(draw() * texts.length)] ?? "";
    }
    case "BOOL":
      return draw() < 0.5 ? 0 : 1;
    case "FP16":
      return toHalf(makeDecimal(element));
    case "FP32":
    case "FP64":
      return makeDecimal(element);
    case "INT64":
    case "UINT64":
      return BigInt(makeInteger(element));
    default:
      return makeInteger(element);
  }
}

function makeDecimal({ row, feature, draw }: Element): number {
  const scale = rowScales[row];
  if (scale === undefined) return (1 + draw()) * outlierScale;
  const { min, max } = feature ?? { min: undefined, max: undefined };
  if (min !== undefined && max !== undefined) {
    return min + (max - min) * draw() * Math.min(1, scale);
  }
  const value = (draw() * 2 - 1) * scale;
  if (min !== undefined) return min + Math.abs(value);
  return max !== undefined ? max - Math.abs(value) : value;
}

function makeInteger({ dtype, row, feature, attempt, draw }: Element): number {
  const isOutlier = rowScales[row] === undefined;
  const most = isOutlier ? attempt.outlierIntegerMax : attempt.integerMax;
  const least = Math.max(dtype.startsWith("U") ? 0 : -128, Math.ceil(feature?.min ?? 0));
  const greatest = Math.floor(feature?.max ?? least + most);
  return least + Math.floor(draw() * (Math.max(least, greatest) - least + 1));
}

function put(data: TensorData, index: number, value: number | bigint | string): void {
  // The data type decides both the array and its elements.
  (data as (number | bigint | string)[])[index] = value;
}
