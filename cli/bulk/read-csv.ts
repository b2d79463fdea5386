import { pipeline } from "node:stream/promises";
import { type CsvError, type Parser, parse } from "csv-parse";
import { Failure, messageOf } from "#core/failure.ts";
import { quote } from "#core/quote.ts";
import { stdioPath } from "./format.ts";
import { ByteSource } from "./input-file.ts";
import type { Table } from "./table.ts";
import type { Row } from "./value.ts";

const recordBytesMax = 16 * 1024 * 1024;
const rowsAtOnce = 256;

/**
 * A CSV file with titles in its first line. An empty line is a row whose value is missing where
 * there is one column, and nothing where there are more or before the titles.
 */
export async function openCsv(path: string, bytes: number | undefined): Promise<Table> {
  const source = new ByteSource(path);
  const records = readRecords(path, source);
  const first = await records.next();
  if (first.done === true) throw new Failure("invalid-argument", `${path} is empty`);
  const columns = first.value;
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new Failure("invalid-argument", `${path}: column ${quote(twice)} is there twice`);
  }
  return {
    columns,
    isText: true,
    declared: new Map(),
    rows: (skip) => toRows(records, columns, skip),
    share: () => (bytes === undefined ? undefined : source.bytes / Math.max(1, bytes)),
  };
}

/** The titles, then the rows, each with as many values. */
async function* readRecords(path: string, source: ByteSource): AsyncGenerator<string[]> {
  const parser = openParser(path);
  // What goes wrong with the source is thrown by the parser too, which it destroys.
  const feeding = pipeline(source, parser).catch(() => {});
  try {
    for await (const record of parser as AsyncIterable<string[]>) yield record;
  } catch (error) {
    throw explain(path, error);
  } finally {
    parser.destroy();
    await feeding;
  }
}

function openParser(path: string): Parser {
  let titles = 0;
  return parse({
    bom: true,
    // Files have been seen with both.
    recordDelimiter: ["\r\n", "\n"],
    maxRecordSize: recordBytesMax,
    // The parser would take an empty line before the titles for their number.
    relaxColumnCount: true,
    onRecord: (record: string[], { lines }) => {
      if (record.length === titles) return record;
      if (record.length === 1 && record[0] === "") return null;
      if (titles > 0) {
        const problem = `${record.length} values where the titles are ${titles}`;
        throw new Failure("invalid-argument", `${placeOf(path, lines)}: ${problem}`);
      }
      titles = record.length;
      return record;
    },
  });
}

async function* toRows(
  records: AsyncGenerator<string[]>,
  columns: readonly string[],
  skip: number,
): AsyncGenerator<Row[]> {
  let rows: Row[] = [];
  let number = 0;
  for await (const record of records) {
    number += 1;
    if (number <= skip) continue;
    rows.push(Object.fromEntries(columns.map((name, index) => [name, record[index] ?? ""])));
    if (rows.length < rowsAtOnce) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

function explain(path: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const { lines } = error as CsvError & { lines?: number };
  const message = `${placeOf(path, lines)}: ${messageOf(error)}`;
  return new Failure("invalid-argument", message, { cause: error });
}

function placeOf(path: string, line: number | undefined): string {
  const name = path === stdioPath ? "standard input" : path;
  return line === undefined ? name : `${name}:${line}`;
}
