import { createReadStream } from "node:fs";
import { parse } from "csv-parse";
import { Failure, messageOf } from "#core/failure.ts";
import { quoteAll } from "#core/quote.ts";
import type { Feature } from "#gen/sluice/control/v1/model_pb.ts";
import { parseCell, type Row } from "./cells.ts";
import type { ServedModel } from "./model-argument.ts";

/** One row of examples.csv. */
export type Example = {
  /** Counted from 1, as people count the rows below the titles. */
  readonly number: number;
  /** In the order of the model's features; missing where the file has no such column. */
  readonly row: Row;
  /** What the library that trained the model predicted, by the names PredictService uses. */
  readonly recorded: ReadonlyMap<string, string>;
};

/** Wide enough for any sane example, small enough to hold one in memory. */
const recordBytesMax = 16 * 1024 * 1024;

/**
 * Reads examples.csv row by row, so that a large one costs no memory. Columns that are neither
 * features nor predictions of this version, such as `split` and `actual`, are left out. Throws a
 * Failure that names the file, and where there is one the line.
 */
export async function* readExamples(path: string, served: ServedModel): AsyncGenerator<Example> {
  const parser = parse({ bom: true, skipEmptyLines: true, maxRecordSize: recordBytesMax });
  const file = createReadStream(path);
  file.on("error", (error) => parser.destroy(error));
  file.pipe(parser);
  let columns: Columns | undefined;
  let number = 0;
  try {
    for await (const record of parser as AsyncIterable<string[]>) {
      if (columns === undefined) columns = readTitles(record, served);
      else {
        number += 1;
        yield toExample(number, record, columns);
      }
    }
  } catch (error) {
    throw explain(path, error);
  } finally {
    file.destroy();
  }
}

/** The row of this number. Throws a Failure where the file ends before it. */
export async function readExample(
  path: string,
  served: ServedModel,
  number: number,
): Promise<Example> {
  let rows = 0;
  for await (const example of readExamples(path, served)) {
    if (example.number === number) return example;
    rows = example.number;
  }
  throw new Failure("not-found", `${path} has ${rows} rows, no row ${number}`);
}

type Columns = {
  /** For each feature, its column in the file, or -1. */
  readonly features: readonly { readonly feature: Feature; readonly column: number }[];
  readonly recorded: readonly { readonly name: string; readonly column: number }[];
};

function readTitles(titles: readonly string[], served: ServedModel): Columns {
  const features = served.description.features.map((feature) => ({
    feature,
    column: titles.indexOf(feature.name),
  }));
  if (features.every(({ column }) => column < 0)) {
    const names = quoteAll(features.map(({ feature }) => feature.name));
    throw new Failure("invalid-argument", `no column is one of the features ${names}`);
  }
  const prefix = `v${served.version}.`;
  const recorded = titles.flatMap((title, column) =>
    title.startsWith(prefix) ? [{ name: title.slice(prefix.length), column }] : [],
  );
  return { features, recorded };
}

function toExample(number: number, record: readonly string[], columns: Columns): Example {
  return {
    number,
    row: columns.features.map(({ feature, column }) =>
      column < 0 ? null : parseCell(feature, record[column] ?? ""),
    ),
    recorded: new Map(columns.recorded.map(({ name, column }) => [name, record[column] ?? ""])),
  };
}

function explain(path: string, error: unknown): Failure {
  const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
  if (isMissing) return new Failure("not-found", `there is no ${path}`, { cause: error });
  return new Failure("invalid-argument", `${path}: ${messageOf(error)}`, { cause: error });
}
