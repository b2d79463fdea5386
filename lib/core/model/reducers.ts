import { quote, quoteAll } from "../quote.ts";
import { type ReducersByName, textReducers, wideReducers } from "./settings.ts";
import type { FeatureSpec, OutputSpec, TensorSpec } from "./spec.ts";

/** The features of which unknown tokens are counted. */
export function unknownWanted(
  features: readonly FeatureSpec[],
  reducers: ReducersByName,
): string[] {
  return features
    .filter(
      ({ type, name }) => type === "text" && (reducers[name] ?? textReducers).includes("unknown"),
    )
    .map(({ name }) => name);
}

export type Reduced = {
  readonly inputs: readonly TensorSpec[];
  readonly features: readonly FeatureSpec[];
  readonly predictions: readonly OutputSpec[];
};

/**
 * What `monitoring.reducers` says that cannot be: of something that the model does not have, or
 * numbers that what it has does not come to.
 */
export function reducerProblems(reducers: ReducersByName, model: Reduced): string[] {
  const texts = model.features.filter(({ type }) => type === "text").map(({ name }) => name);
  const isNumbers = ({ dtype }: TensorSpec) => dtype !== "BYTES";
  const wide = [...model.inputs.filter(isNumbers), ...model.predictions].map(({ name }) => name);
  return Object.entries(reducers).flatMap(([name, asked]) => {
    const isText = texts.includes(name);
    if (!isText && !wide.includes(name)) {
      const all = [...new Set([...texts, ...wide])];
      const problem = "is no feature of type text, no input of numbers and no output";
      return [`monitoring.reducers: ${quote(name)} ${problem}; there are ${quoteAll(all)}`];
    }
    const known: readonly string[] = isText ? textReducers : wideReducers;
    const strange = asked.filter((each) => !known.includes(each));
    if (strange.length === 0) return [];
    const what = isText ? "a text is reduced to" : "numbers are reduced to";
    return [`monitoring.reducers.${name}: ${quoteAll(strange)}: ${what} ${known.join(", ")}`];
  });
}
