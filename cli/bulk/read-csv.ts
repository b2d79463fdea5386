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

/** A CSV file with titles in its first line. */
export async function openCsv(path: string, bytes: number | undefined): Promise<Table> {
  const source = new ByteSource(path);
  const parser = parse({
    bom: true,
    skipEmptyLines: true,
    // Files have been seen with both.
    recordDelimiter: ["\r\n", "\n"],
    maxRecordSize: recordBytesMax,
  });
  const records = readRecords(path, source, parser);
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

async function* readRecords(
  path: string,
  source: ByteSource,
  parser: Parser,
): AsyncGenerator<string[]> {
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
  const name = path === stdioPath ? "standard input" : path;
  const { code, lines, record } = error as CsvError & { lines?: number; record?: string[] };
  if (code === "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH" && record !== undefined) {
    const got = `${record.length} values where the titles are`;
    const expected = /expect (\d+)/.exec(messageOf(error))?.[1] ?? "other";
    return new Failure("invalid-argument", `${name}:${lines}: ${got} ${expected}`, {
      cause: error,
    });
  }
  const place = lines === undefined ? name : `${name}:${lines}`;
  return new Failure("invalid-argument", `${place}: ${messageOf(error)}`, { cause: error });
}
