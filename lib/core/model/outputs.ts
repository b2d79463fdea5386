import { columnsMax } from "../prediction/value-column.ts";
import { quote, quoteAll } from "../quote.ts";
import type { Dtype } from "../tensor/dtype.ts";
import type { Derived } from "./features.ts";
import type { OutputSettings } from "./settings.ts";
import type { OutputRole, OutputSpec, TensorSpec } from "./spec.ts";

export type OutputSource = {
  /** Of model.yaml; undefined where it declares none. */
  readonly declared: readonly OutputSettings[] | undefined;
  readonly outputs: readonly TensorSpec[];
  /** Names of the classes in the model file, by the output that has their probabilities. */
  readonly classes: ReadonlyMap<string, readonly string[]>;
};

/** Labels of classes that are numbered higher than this cannot be named. */
const classNumberMax = 4096;

/**
 * The predictions of a model by name: those model.yaml declares and no others, or else every output
 * under its own name, with a role read off its type and shape. Class names come from model.yaml,
 * else from the model file.
 */
export function deriveOutputs(source: OutputSource): Derived<OutputSpec> {
  const { declared, outputs, classes } = source;
  if (declared === undefined) {
    return { specs: outputs.map((output) => undeclared(output, classes)), problems: [] };
  }
  const known = quoteAll(outputs.map((output) => output.name));
  const specs: OutputSpec[] = [];
  const problems: string[] = [];
  for (const settings of declared) {
    const output = outputs.find((each) => each.name === settings.output);
    const spec = output === undefined ? undefined : declaredOutput(settings, output, classes);
    const problem =
      output === undefined || spec === undefined
        ? `no output ${quote(settings.output)}; the model has ${known}`
        : problemOf(settings, { output, role: spec.role, classes });
    if (problem !== undefined) problems.push(`outputs: ${settings.name}: ${problem}`);
    else if (spec !== undefined) specs.push(spec);
  }
  return { specs, problems };
}

type Classes = OutputSource["classes"];

function undeclared(output: TensorSpec, classes: Classes): OutputSpec {
  const role = guessRole(output, classes);
  const { name, dtype } = output;
  return { name, output: name, role, labels: ownLabels({ name, role, dtype }, classes) };
}

function declaredOutput(
  settings: OutputSettings,
  output: TensorSpec,
  classes: Classes,
): OutputSpec {
  const { name, labels } = settings;
  const { dtype } = output;
  const role = settings.role ?? guessRole(output, classes);
  const own = ownLabels({ name: output.name, role, dtype }, classes);
  if (labels.length === 0) return { name, output: output.name, role, labels: own };
  const numbered = role === "label" && dtype !== "BYTES" ? byNumber(labels, classes) : labels;
  return { name, output: output.name, role, labels: numbered ?? labels };
}

type Checked = {
  readonly output: TensorSpec;
  readonly role: OutputRole;
  readonly classes: Classes;
};

function problemOf(settings: OutputSettings, checked: Checked): string | undefined {
  const { output, role, classes } = checked;
  const { labels } = settings;
  if (labels.length === 0) return undefined;
  const what = `output ${quote(output.name)}`;
  if (role !== "label" && role !== "probabilities") return `a ${role} has no labels`;
  const expected = classCount(output, role, classes);
  if (expected !== undefined && expected !== labels.length) {
    return `${what} has ${expected} classes, and ${labels.length} labels are given`;
  }
  if (role === "label" && output.dtype !== "BYTES" && byNumber(labels, classes) === undefined) {
    const given = classNames(classes) ?? [];
    return `${what} numbers its classes ${given.slice(0, 5).join(", ")}: these cannot be named`;
  }
  return undefined;
}

/** How many classes there are, as far as the model says. */
function classCount(output: TensorSpec, role: OutputRole, classes: Classes): number | undefined {
  if (role === "label") return classNames(classes)?.length;
  const width = output.shape.at(-1);
  return output.shape.length === 2 && width !== -1 ? width : undefined;
}

/** The classes of a model that has one set of them; undefined where it has none or several. */
function classNames(classes: Classes): readonly string[] | undefined {
  const [only, ...others] = classes.values();
  return others.length === 0 ? only : undefined;
}

function ownLabels(
  output: { readonly name: string; readonly role: OutputRole; readonly dtype: Dtype },
  classes: Classes,
): readonly string[] {
  if (output.role === "probabilities") return classes.get(output.name) ?? [];
  // Numbered classes without names stand for themselves.
  return output.role === "label" && output.dtype === "BYTES" ? (classNames(classes) ?? []) : [];
}

/**
 * Labels in the order of the classes, rearranged so that a class's number finds its label. Where
 * the model file says nothing, classes are numbered from 0. Undefined where its numbers cannot be
 * positions.
 */
function byNumber(labels: readonly string[], classes: Classes): readonly string[] | undefined {
  const numbers = classNames(classes)?.map(Number);
  if (numbers === undefined || numbers.length !== labels.length) return labels;
  const isPosition = (each: number) =>
    Number.isInteger(each) && each >= 0 && each <= classNumberMax;
  if (!numbers.every(isPosition)) return undefined;
  const named = Array.from({ length: Math.max(...numbers) + 1 }, (_, number) => String(number));
  for (const [index, number] of numbers.entries()) named[number] = labels[index] ?? String(number);
  return named;
}

function guessRole({ name, dtype, shape }: TensorSpec, classes: Classes): OutputRole {
  if (classes.has(name)) return "probabilities";
  const isFloat = dtype === "FP16" || dtype === "FP32" || dtype === "FP64";
  const width = shape.length === 2 ? (shape[1] ?? 1) : 1;
  if (shape.length > 2 || width > columnsMax) return "embedding";
  if (!isFloat) return width === 1 ? "label" : "value";
  return width !== 1 && /prob/i.test(name) ? "probabilities" : "value";
}
