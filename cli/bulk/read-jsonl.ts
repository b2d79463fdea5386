import { Failure, messageOf } from "#core/failure.ts";
import { parseExact } from "./exact-json.ts";
import { stdioPath } from "./format.ts";
import { ByteSource } from "./input-file.ts";
import type { Table } from "./table.ts";
import type { Row } from "./value.ts";

const lineBytesMax = 16 * 1024 * 1024;
/** Of which the columns are taken. */
const rowsPeeked = 256;

type Line = { readonly number: number; readonly text: string };

/** A file with one JSON object in each line. */
export async function openJsonl(path: string, bytes: number | undefined): Promise<Table> {
  const name = path === stdioPath ? "standard input" : path;
  const source = new ByteSource(path);
  const lines = readLines(name, source);
  const peeked: Line[] = [];
  const columns = new Set<string>();
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    peeked.push(...next.value);
    for (const line of next.value) {
      for (const column of Object.keys(parseRow(name, line))) columns.add(column);
    }
    if (peeked.length >= rowsPeeked) break;
  }
  if (peeked.length === 0) throw new Failure("invalid-argument", `${name} is empty`);
  return {
    columns: [...columns],
    isText: false,
    declared: new Map(),
    rows: (skip) => toRows(name, { peeked, lines, skip }),
    share: () => (bytes === undefined ? undefined : source.bytes / Math.max(1, bytes)),
  };
}

type Reading = {
  readonly peeked: readonly Line[];
  readonly lines: AsyncGenerator<Line[]>;
  readonly skip: number;
};

async function* toRows(
  name: string,
  { peeked, lines, skip }: Reading,
): AsyncGenerator<readonly Row[]> {
  let left = skip;
  const take = (batch: readonly Line[]) => {
    const kept = batch.slice(left);
    left = Math.max(0, left - batch.length);
    return kept.map((line) => parseRow(name, line));
  };
  yield take(peeked);
  for await (const batch of lines) yield take(batch);
}

/** Lines that are not blank, as they come; each read yields one batch. */
async function* readLines(name: string, source: ByteSource): AsyncGenerator<Line[]> {
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;
  const toLines = (text: string): Line[] =>
    text.split("\n").flatMap((each) => {
      number += 1;
      const trimmed = (number === 1 ? each.replace(/^\ufeff/, "") : each).trim();
      return trimmed === "" ? [] : [{ number, text: trimmed }];
    });
  for await (const chunk of source) {
    const end = chunk.lastIndexOf(0x0a);
    const pending = rest.length + (end < 0 ? chunk.length : end);
    if (end < 0 && pending > lineBytesMax) {
      const problem = `${name}:${number + 1}: a line of more than ${lineBytesMax} bytes`;
      throw new Failure("invalid-argument", problem);
    }
    if (end < 0) {
      rest = Buffer.concat([rest, chunk]);
      continue;
    }
    const lines = toLines(Buffer.concat([rest, chunk.subarray(0, end)]).toString());
    rest = Buffer.from(chunk.subarray(end + 1));
    if (lines.length > 0) yield lines;
  }
  const last = toLines(rest.toString());
  if (last.length > 0) yield last;
}

function parseRow(name: string, { number, text }: Line): Row {
  let row: unknown;
  try {
    row = parseExact(text);
  } catch (error) {
    const problem = `${name}:${number}: ${messageOf(error)}`;
    throw new Failure("invalid-argument", problem, { cause: error });
  }
  if (typeof row === "object" && row !== null && !Array.isArray(row)) return row as Row;
  throw new Failure("invalid-argument", `${name}:${number}: expected one JSON object in the line`);
}
