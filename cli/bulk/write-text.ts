import { namesOf, type OutputColumns, refuseNewColumns } from "./output-columns.ts";
import { jsonOf, type Row, textOf } from "./value.ts";

/** Turns rows into the text of a file, with its titles before the first of them. */
export type TextFormat = {
  readonly head: (columns: OutputColumns) => string;
  readonly rows: (columns: OutputColumns, rows: readonly Row[]) => string;
};

export const csvText: TextFormat = {
  head: (columns) => `${namesOf(columns).map(csvCell).join(",")}\n`,
  rows: (columns, rows) => {
    const names = namesOf(columns);
    const known = new Set(names);
    const lines = rows.map((row) => {
      refuseNewColumns(known, row);
      return `${names.map((name) => csvCell(textOf(row[name]))).join(",")}\n`;
    });
    return lines.join("");
  },
};

export const jsonlText: TextFormat = {
  head: () => "",
  rows: (_, rows) => rows.map((row) => `${jsonOf(row)}\n`).join(""),
};

function csvCell(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
