/** Text for people: tables, bars and colours. Everything here gives back text; nothing writes. */

export type Colour = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Puts a colour on a text, or does not, as the terminal likes it. */
export type Paint = (colour: Colour, text: string) => string;

const escapes: Record<Colour, readonly [on: number, off: number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

export const colourful: Paint = (colour, text) => {
  const [on, off] = escapes[colour];
  return text === "" ? "" : `\x1b[${on}m${text}\x1b[${off}m`;
};

export const plain: Paint = (_, text) => text;

export type TableColumn = { readonly title: string; readonly align?: "left" | "right" };

/**
 * Rows under their titles, columns aligned and two blanks apart; colours do not count for the
 * width. The last column is never padded. Ends with a newline; only titles where there are no rows.
 */
export function formatTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  paint: Paint = plain,
): string {
  const titles = columns.map(({ title }) => paint("dim", title));
  return alignRows([titles, ...rows], columns);
}

/** The same without titles. */
export function alignRows(
  rows: readonly (readonly string[])[],
  columns: readonly Pick<TableColumn, "align">[] = [],
): string {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, index) =>
    Math.max(...rows.map((row) => widthOf(row[index] ?? ""))),
  );
  const lines = rows.map((row) =>
    row.map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]?.align)).join("  "),
  );
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

/** Columns a text takes on the screen; escape sequences take none. */
export function widthOf(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one.
  return [...text.replaceAll(/\x1b\[[0-9;]*m/g, "")].length;
}

/** At most `width` columns, the last of them an ellipsis where something is left out. */
export function clip(text: string, width: number): string {
  const letters = [...text];
  return letters.length <= width ? text : `${letters.slice(0, Math.max(0, width - 1)).join("")}…`;
}

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar as long as the fraction of `width` columns, to an eighth of one; not padded. */
export function bar(fraction: number, width: number): string {
  const steps = Math.round(Math.min(1, Math.max(0, fraction || 0)) * width * 8);
  return "█".repeat(steps >> 3) + (eighths[steps & 7] ?? "");
}

function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  const blanks = " ".repeat(Math.max(0, width - widthOf(text)));
  return align === "left" ? text + blanks : blanks + text;
}
