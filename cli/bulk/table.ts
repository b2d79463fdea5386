import type { SchemaElement } from "hyparquet";
import type { Place } from "./format.ts";
import type { Row } from "./value.ts";

/** Rows of a file. */
export type Table = {
  /** In the order of the file; of JSON lines, what the first of them have. */
  readonly columns: readonly string[];
  /** True where values are texts whatever they mean, as in CSV. */
  readonly isText: boolean;
  /** How a Parquet file declares its columns, to be declared the same way again. */
  readonly declared: ReadonlyMap<string, SchemaElement>;
  /** From row `skip` on, some at a time. Throws a Failure that names the file and the line. */
  rows(skip: number): AsyncGenerator<readonly Row[]>;
  /** How much has been read, from 0 to 1; undefined where nobody knows the whole. */
  share(): number | undefined;
};

/** Opens the file and reads its columns. Throws a Failure. Iterating to an end closes it. */
export async function openTable(place: Place, bytes: number | undefined): Promise<Table> {
  switch (place.format) {
    case "csv":
      return await (await import("./read-csv.ts")).openCsv(place.path, bytes);
    case "jsonl":
      return await (await import("./read-jsonl.ts")).openJsonl(place.path, bytes);
    case "parquet":
      return await (await import("./read-parquet.ts")).openParquet(place.path);
  }
}
