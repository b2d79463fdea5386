import type { Output } from "#gen/sluice/control/v1/model_pb.ts";
import { formatCount, formatNumber, formatPercent } from "./format.ts";
import { alignRows, bar, formatTable, type Paint } from "./output.ts";
import type { Difference, PredictedValue } from "./predictions.ts";

const barColumns = 24;
/** Classes beyond these are told as one line, those with the smallest probabilities left out. */
const classesMax = 20;
/**
 * More columns than these make no readable table: then only labels and the best probability are
 * shown.
 */
const tableColumnsMax = 6;

export type PredictionView = {
  readonly outputs: readonly Output[];
  readonly rows: readonly (readonly PredictedValue[])[];
  readonly paint: Paint;
};

/** One row in detail, several as a table. */
export function formatPredictions(view: PredictionView): string {
  const [only, ...others] = view.rows;
  return only !== undefined && others.length === 0 ? formatOne(view, only) : formatMany(view);
}

/** Recorded and predicted values that differ, or that none do. */
export function formatComparison(
  recorded: number,
  differences: readonly Difference[],
  paint: Paint,
): string {
  if (recorded === 0) return `recorded  ${paint("dim", "nothing for this version")}\n`;
  if (differences.length === 0) {
    const values = formatCount(recorded, "value");
    return `recorded  ${paint("green", "ok")}, ${values} as in examples.csv\n`;
  }
  const rows = differences.map(({ name, predicted, recorded: expected }) => [
    `  ${name}`,
    `expected ${expected}`,
    `got ${predicted}`,
  ]);
  return `recorded  ${paint("red", "differs")}\n${alignRows(rows)}`;
}

function formatOne({ outputs, paint }: PredictionView, row: readonly PredictedValue[]): string {
  const parts = outputs.map((output) => {
    const values = row.filter(({ name }) => belongsTo(name, output));
    const isList = values.length > 1 || output.role === "probabilities";
    if (isList) return `${output.name}\n${formatList(output, values, paint)}`;
    const [value] = values;
    return value === undefined ? "" : `${output.name}  ${paint("bold", showValue(value.value))}\n`;
  });
  return parts.join("");
}

function formatList(output: Output, values: readonly PredictedValue[], paint: Paint): string {
  const isShare = output.role === "probabilities";
  const ranked = values.toSorted((one, other) => Number(other.value) - Number(one.value));
  const best = isShare ? ranked[0] : undefined;
  const shown = isShare ? ranked.slice(0, classesMax) : values.slice(0, classesMax);
  const rows = shown.map(({ name, value }) => {
    const label = `  ${name.slice(output.name.length + 1) || name}`;
    if (!isShare || typeof value !== "number") return [label, showValue(value)];
    const strip = bar(value, barColumns);
    return [label, formatPercent(value), name === best?.name ? paint("green", strip) : strip];
  });
  const left = values.length - shown.length;
  const more = left > 0 ? paint("dim", `  and ${left} more\n`) : "";
  return alignRows(rows, [{ align: "left" }, { align: "right" }]) + more;
}

function formatMany({ outputs, rows, paint }: PredictionView): string {
  const names = (rows[0] ?? []).map(({ name }) => name);
  if (names.length <= tableColumnsMax) {
    const titles = [{ title: "ROW", align: "right" as const }, ...names.map(titleOf)];
    const cells = rows.map((row, index) => [
      String(index + 1),
      ...row.map(({ value }) => showValue(value)),
    ]);
    return formatTable(titles, cells, paint);
  }
  const titles = [
    { title: "ROW", align: "right" as const },
    ...outputs.map(({ name }) => titleOf(name)),
  ];
  const cells = rows.map((row, index) => [
    String(index + 1),
    ...outputs.map((output) => summarise(output, row)),
  ]);
  return formatTable(titles, cells, paint);
}

/** One cell for all values of an output. */
function summarise(output: Output, row: readonly PredictedValue[]): string {
  const values = row.filter(({ name }) => belongsTo(name, output));
  const [first] = values;
  if (first === undefined) return "";
  if (output.role === "probabilities") {
    const best = values.reduce((one, other) => (other.value > one.value ? other : one));
    return `${best.name.slice(output.name.length + 1)} ${formatPercent(Number(best.value))}`;
  }
  return values.length === 1 ? showValue(first.value) : `${values.length} values`;
}

function belongsTo(name: string, output: Output): boolean {
  return name === output.name || name.startsWith(`${output.name}.`);
}

function showValue(value: number | bigint | string): string {
  return typeof value === "number" ? formatNumber(value) : String(value);
}

function titleOf(name: string): { title: string } {
  return { title: name.toUpperCase() };
}
