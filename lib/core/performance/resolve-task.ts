import { classesMax } from "./class-codes.ts";
import type { PerformanceSettings } from "./performance-settings.ts";

/** What labels are compared with. Plain data. */
export type Task =
  | {
      readonly kind: "classification";
      /** The output that names the class; undefined: the class of the highest score. */
      readonly target: string | undefined;
      readonly classes: readonly string[];
      /** Columns of probabilities: of each class, or of two the last one's; or none. */
      readonly scores: readonly string[];
    }
  | { readonly kind: "regression"; readonly target: string };

export type OutputColumn = { readonly name: string; readonly isText: boolean };

/** What model.yaml says of an output. */
export type DeclaredOutput = { readonly name: string; readonly labels: readonly string[] };

export type TaskSource = {
  readonly settings: Pick<PerformanceSettings, "task" | "target" | "classes">;
  readonly declared: readonly DeclaredOutput[];
};

const summaries = new Set(["mean", "sd", "norm"]);
const needed = "say what labels are compared with in monitoring.performance of model.yaml";

/** What a model's outputs are good for, or why that cannot be told. */
export function resolveTask(
  { settings, declared }: TaskSource,
  columns: readonly OutputColumn[],
): Task | string {
  if (settings.task === "none") return "monitoring.performance.task is none";
  const { target } = settings;
  const named = columns.find(({ name }) => name === target);
  if (target !== undefined && named === undefined && settings.task !== "classification") {
    return `monitoring.performance.target: there is no output ${target}`;
  }
  const numbers = columns.filter(({ name, isText }) => !isText && !isSummary(name));
  const groups = groupsOf(numbers);
  const isRegression =
    settings.task === "regression" ||
    (settings.task === undefined &&
      (named === undefined
        ? columns.every(({ isText }) => !isText) && groups.length === 0
        : !named.isText));
  if (isRegression) return toRegression(named, numbers);
  const label = named?.isText === true ? named : columns.find(({ isText }) => isText);
  const group = groups.find(({ prefix }) => prefix === target) ?? groups[0];
  const labels = declared.find(({ name }) => name === label?.name)?.labels ?? [];
  const classes = settings.classes ?? group?.suffixes ?? labels;
  const scores = scoresOf(classes, group);
  if (label === undefined && scores.length !== classes.length) {
    return `no output names a class, and none has a probability for each: ${needed}`;
  }
  if (label === undefined && classes.length === 0) return `no output names a class: ${needed}`;
  const last = scores.slice(-1);
  return {
    kind: "classification",
    target: label?.name,
    classes: classes.slice(0, classesMax),
    scores: label !== undefined && classes.length === 2 ? last : scores,
  };
}

function toRegression(named: OutputColumn | undefined, numbers: readonly OutputColumn[]) {
  const [only] = numbers;
  if (named?.isText === true) return `output ${named.name} is no number: ${needed}`;
  const target = named?.name ?? (numbers.length === 1 ? only?.name : undefined);
  if (target === undefined) return `${numbers.length} outputs are numbers: ${needed}`;
  return { kind: "regression", target } as const;
}

type Group = { readonly prefix: string; readonly suffixes: readonly string[] };

/** Numbers named `<output>.<class>`, two or more of an output. */
function groupsOf(columns: readonly OutputColumn[]): Group[] {
  const groups = new Map<string, string[]>();
  for (const { name } of columns) {
    const dot = name.indexOf(".");
    if (dot <= 0) continue;
    const prefix = name.slice(0, dot);
    const suffixes = groups.get(prefix) ?? [];
    suffixes.push(name.slice(dot + 1));
    groups.set(prefix, suffixes);
  }
  return [...groups]
    .map(([prefix, suffixes]) => ({ prefix, suffixes }))
    .filter(({ suffixes }) => suffixes.length >= 2);
}

/** In the order of the classes; none where one of them is missing. */
function scoresOf(classes: readonly string[], group: Group | undefined): string[] {
  if (group === undefined || classes.length > classesMax) return [];
  return classes.every((name) => group.suffixes.includes(name))
    ? classes.map((name) => `${group.prefix}.${name}`)
    : [];
}

function isSummary(name: string): boolean {
  return summaries.has(name.slice(name.lastIndexOf(".") + 1));
}
