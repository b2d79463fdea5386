import type { Table } from "../bulk/table.ts";
import { Time, textOf, type Value } from "../bulk/value.ts";
import type { FileColumn } from "./column.ts";
import { numberOf } from "./value.ts";

/**
 * What the columns of a file hold where no model says it: doubles, or categories where any value is
 * a text that spells no number. Reads the whole file: a text may come late. Lists and objects have
 * no distribution, and their columns are left out.
 */
export async function guessColumns(
  table: Table,
  titles: readonly string[],
  onProgress: () => void,
): Promise<FileColumn[]> {
  const open = new Set(titles);
  const texts = new Set<string>();
  const nested = new Set<string>();
  for await (const batch of table.rows(0)) {
    for (const row of batch) {
      for (const title of open) {
        const value = row[title];
        if (isNested(value)) nested.add(title);
        else if (isText(value, table.isText)) texts.add(title);
        else continue;
        open.delete(title);
      }
    }
    onProgress();
    if (open.size === 0) break;
  }
  return titles.flatMap((title): FileColumn[] => {
    if (nested.has(title)) return [];
    return texts.has(title)
      ? [{ name: title, title, type: "category", dtype: "BYTES" }]
      : [{ name: title, title, type: "number", dtype: "FP64" }];
  });
}

/** In CSV everything is a text; elsewhere a text is one whatever it spells. */
function isText(value: Value | undefined, isSpelt: boolean): boolean {
  if (typeof value !== "string" || value === "") return false;
  return !isSpelt || numberOf("FP64", textOf(value)) === undefined;
}

function isNested(value: Value | undefined): boolean {
  return typeof value === "object" && value !== null && !(value instanceof Time);
}
