import type { EventColumn } from "../prediction/event.ts";
import type { NumericData } from "../tensor/dtype.ts";
import { fromHalf } from "../tensor/half.ts";
import { ClassCodes } from "./class-codes.ts";
import type { TokenOutput } from "./feedback.ts";
import type { OutputColumn, Task } from "./resolve-task.ts";

/** The values of an output, by the place of their row. */
export type OutputValues =
  | { readonly kind: "texts"; readonly at: (place: number) => string }
  | { readonly kind: "numbers"; readonly at: (place: number) => number };

export type Outputs = ReadonlyMap<string, OutputValues>;

/** What a row says, until the next one is read. */
export type ReadRow = { predicted: number; readonly scores: Float64Array };

/** Reads what was predicted off the outputs of a model, and labels as what was predicted. */
export class RowReader {
  readonly #task: Task;
  readonly #codes: ClassCodes;
  readonly #row: ReadRow;

  constructor(task: Task) {
    this.#task = task;
    this.#codes = new ClassCodes(task.kind === "classification" ? task.classes : []);
    this.#row = { predicted: 0, scores: new Float64Array(scoresOf(task)) };
  }

  /** The rows of a reply, or undefined where it lacks the outputs that count. */
  open(outputs: Outputs): ((place: number) => ReadRow) | undefined {
    const task = this.#task;
    const row = this.#row;
    const target = task.target === undefined ? undefined : outputs.get(task.target);
    if (task.kind === "regression") {
      if (target?.kind !== "numbers") return undefined;
      return (place) => {
        row.predicted = target.at(place);
        return row;
      };
    }
    const scores = task.scores.map((name) => outputs.get(name));
    if (task.target !== undefined && target === undefined) return undefined;
    if (target === undefined && scores.includes(undefined)) return undefined;
    const codeAt = target === undefined ? undefined : this.#codesOf(target);
    return (place) => {
      for (let at = 0; at < scores.length; at += 1) {
        const values = scores[at];
        row.scores[at] = values?.kind === "numbers" ? values.at(place) : Number.NaN;
      }
      row.predicted = codeAt === undefined ? highest(row.scores) : codeAt(place);
      return row;
    };
  }

  /**
   * A label as it is compared: the code of its class, or its number; undefined where it is neither.
   * A class may be given by its number where none is named so.
   */
  labelOf(label: number | string): number | undefined {
    if (this.#task.kind === "regression") {
      const value = typeof label === "number" ? label : numberOf(label);
      return Number.isFinite(value) ? value : undefined;
    }
    const { names } = this.#codes;
    const isPlace = typeof label === "number" && Number.isInteger(label) && label >= 0;
    const text = String(label);
    if (isPlace && label < names.length && !names.includes(text)) return label;
    return this.#codes.codeOf(text);
  }

  /** Of few distinct texts each is hashed once. */
  #codesOf(values: OutputValues): (place: number) => number {
    const known = new Map<string, number>();
    return (place) => {
      const text = String(values.at(place));
      const code = known.get(text) ?? this.#codes.codeOf(text);
      known.set(text, code);
      return code;
    };
  }
}

/** How many scores are kept of a row. */
export function scoresOf(task: Task): number {
  return task.kind === "classification" ? task.scores.length : 0;
}

export function outputsOfEvent(columns: readonly EventColumn[]): Outputs {
  const outputs = new Map<string, OutputValues>();
  for (const { kind, name, dtype, values } of columns) {
    if (kind !== "output") continue;
    if (values.kind === "texts") {
      const { dictionary, codes } = values;
      const at = (place: number) => dictionary[codes[place] as number] ?? "";
      outputs.set(name, { kind: "texts", at });
    } else outputs.set(name, { kind: "numbers", at: numberAt(values.data, dtype === "FP16") });
  }
  return outputs;
}

export function outputsOfToken(outputs: readonly TokenOutput[]): Outputs {
  return new Map(
    outputs.map(({ name, values }): [string, OutputValues] =>
      typeof values[0] === "string"
        ? [name, { kind: "texts", at: (place) => String(values[place]) }]
        : [name, { kind: "numbers", at: (place) => Number(values[place]) }],
    ),
  );
}

export function columnsOf(outputs: Outputs): OutputColumn[] {
  return [...outputs].map(([name, { kind }]) => ({ name, isText: kind === "texts" }));
}

function numberAt(data: NumericData, isHalf: boolean): (place: number) => number {
  return isHalf
    ? (place) => fromHalf(Number(data[place]))
    : (place) => Number(data[place] ?? Number.NaN);
}

function highest(scores: Float64Array): number {
  let best = 0;
  for (let at = 1; at < scores.length; at += 1) {
    if ((scores[at] as number) > (scores[best] as number)) best = at;
  }
  return best;
}

function numberOf(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}
