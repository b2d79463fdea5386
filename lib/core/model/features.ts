import { columnsMax } from "../prediction/value-column.ts";
import { quote, quoteAll } from "../quote.ts";
import { formatShape } from "../tensor/tensor.ts";
import type { FeatureSettings } from "./settings.ts";
import type { FeatureSpec, TensorSpec } from "./spec.ts";

export type Derived<Spec> = {
  readonly specs: readonly Spec[];
  /** What model.yaml says that the model contradicts; nothing may be served while there is any. */
  readonly problems: readonly string[];
};

/**
 * The columns of a model's inputs by name: first those model.yaml declares, in its order, then
 * every other column under a name made from its input's. Inputs that are too wide, of a width that
 * varies, or of more than two dimensions have no columns and are watched by summaries alone.
 */
export function deriveFeatures(
  declared: readonly FeatureSettings[] | undefined,
  inputs: readonly TensorSpec[],
): Derived<FeatureSpec> {
  const problems: string[] = [];
  const specs: FeatureSpec[] = [];
  const next = new Map<string, number>();
  for (const settings of declared ?? []) {
    const column = settings.column ?? next.get(settings.input) ?? 0;
    next.set(settings.input, column + 1);
    const input = inputs.find((each) => each.name === settings.input);
    const problem = problemOf(settings, { input, inputs, column, taken: specs });
    if (problem !== undefined) problems.push(`features: ${settings.name}: ${problem}`);
    else if (input !== undefined) specs.push(declaredFeature(settings, input, column));
  }
  const names = new Set(specs.map((feature) => feature.name));
  for (const feature of inputs.flatMap((input) => undeclared(input, specs))) {
    if (names.has(feature.name)) {
      const place = `column ${feature.column} of input ${quote(feature.input)}`;
      problems.push(
        `features: ${feature.name} is also the name of ${place}, which is not declared`,
      );
    }
    names.add(feature.name);
    specs.push(feature);
  }
  return { specs, problems };
}

type Place = {
  readonly input: TensorSpec | undefined;
  readonly inputs: readonly TensorSpec[];
  readonly column: number;
  readonly taken: readonly FeatureSpec[];
};

function problemOf(settings: FeatureSettings, place: Place): string | undefined {
  const { input, inputs, column, taken } = place;
  if (input === undefined) {
    const known = quoteAll(inputs.map((each) => each.name));
    return `no input ${quote(settings.input)}; the model has ${known}`;
  }
  const width = tableWidth(input);
  const what = `input ${quote(input.name)} of shape ${formatShape(input.shape)}`;
  if (width === undefined) return `${what} has no columns`;
  if (width !== -1 && column >= width) {
    return `${what} has no column ${column}; the last is ${width - 1}`;
  }
  const other = taken.find((each) => each.input === input.name && each.column === column);
  if (other !== undefined) return `${what}: column ${column} is already ${other.name}`;
  return typeProblem(settings, input);
}

function typeProblem(settings: FeatureSettings, input: TensorSpec): string | undefined {
  const isText = input.dtype === "BYTES";
  const takes = `input ${quote(input.name)} takes ${isText ? "texts" : input.dtype}`;
  if (settings.type === "text" && !isText) return `${takes}, not texts`;
  if (settings.type === "text" && settings.categories.length > 0) return "a text has no categories";
  if (settings.type === "number" && isText) return `${takes}, not numbers`;
  if (settings.default !== undefined && (typeof settings.default === "string") !== isText) {
    return `${takes}, and the default is ${JSON.stringify(settings.default)}`;
  }
  return undefined;
}

function declaredFeature(
  settings: FeatureSettings,
  input: TensorSpec,
  column: number,
): FeatureSpec {
  const type = settings.type ?? (input.dtype === "BYTES" ? "category" : "number");
  return { ...settings, type, column, dtype: input.dtype };
}

function undeclared(input: TensorSpec, declared: readonly FeatureSpec[]): FeatureSpec[] {
  const width = tableWidth(input);
  if (width === undefined || width === -1 || width > columnsMax) return [];
  const taken = new Set(
    declared.filter((each) => each.input === input.name).map((each) => each.column),
  );
  const columns = Array.from({ length: width }, (_, column) => column);
  return columns
    .filter((column) => !taken.has(column))
    .map((column) => ({
      name: width === 1 ? input.name : `${input.name}.${column}`,
      input: input.name,
      column,
      type: input.dtype === "BYTES" ? "category" : "number",
      dtype: input.dtype,
      unit: "",
      min: undefined,
      max: undefined,
      categories: [],
      default: undefined,
      required: true,
    }));
}

/** Columns of a row: 1 for [N], C for [N,C], -1 where C varies, undefined for anything else. */
function tableWidth({ shape }: TensorSpec): number | undefined {
  return shape.length === 1 ? 1 : shape.length === 2 ? shape[1] : undefined;
}
