/**
 * A Parquet file, a row group at a time: columns are decoded whole, rows are made of them as they
 * are asked for. So memory follows the largest row group.
 */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import {
  asyncBufferFromFile,
  type Compressors,
  type DecodedArray,
  type ParquetParsers,
  parquetScan,
  type SchemaElement,
} from "hyparquet";
import { Failure, messageOf } from "#core/failure.ts";
import { parseExact } from "./exact-json.ts";
import { unreadable } from "./input-file.ts";
import type { Table } from "./table.ts";
import { type Row, Time, type Value } from "./value.ts";

const rowsAtOnce = 256;

/** Snappy is the library's own. */
const compressors: Compressors = {
  GZIP: (bytes) => gunzipSync(bytes),
  BROTLI: (bytes) => brotliDecompressSync(bytes),
  ZSTD: (bytes) => zstdDecompressSync(bytes),
};

const parsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (raw: bigint) => toTime(raw, "ms"),
  timestampFromMicroseconds: (raw: bigint) => toTime(raw, "us"),
  timestampFromNanoseconds: (raw: bigint) => toTime(raw, "ns"),
  jsonFromBytes: (bytes: Uint8Array | undefined) =>
    bytes && parseExact(new TextDecoder().decode(bytes)),
  dateFromDays: (days: number) => toTime(days, "days"),
};

function toTime(raw: bigint | number | null | undefined, unit: Time["unit"]): Time | null {
  return raw === null || raw === undefined ? null : new Time(BigInt(raw), unit);
}

export async function openParquet(path: string): Promise<Table> {
  const scan = await openScan(path);
  const { metadata } = scan;
  const columns = topLevel(metadata.schema);
  let rowsRead = 0;
  return {
    columns: columns.map(({ name }) => name),
    isText: false,
    declared: new Map(columns.filter(isFlat).map((element) => [element.name, element])),
    rows: async function* (skip) {
      for (const { rowStart, rowEnd } of scan.ranges) {
        if (rowEnd <= skip) continue;
        const read = async ({ name }: SchemaElement): Promise<[string, DecodedArray]> => {
          return [name, await scan.readColumn({ column: name, rowStart, rowEnd })];
        };
        const decoded: [string, DecodedArray][] = [];
        for (const column of columns) decoded.push(await read(column).catch(explain(path)));
        for (let row = Math.max(skip, rowStart); row < rowEnd; row += rowsAtOnce) {
          const count = Math.min(rowsAtOnce, rowEnd - row);
          rowsRead = row + count;
          yield toRows(decoded, row - rowStart, count);
        }
      }
    },
    share: () => rowsRead / Math.max(1, Number(metadata.num_rows)),
  };
}

async function openScan(path: string) {
  try {
    const file = await asyncBufferFromFile(path);
    return await parquetScan({ file, compressors, parsers, geoparquet: false });
  } catch (error) {
    if (error instanceof Error && "code" in error) throw unreadable(path, error);
    return explain(path)(error);
  }
}

function explain(path: string): (error: unknown) => never {
  return (error) => {
    throw new Failure("invalid-argument", `${path}: ${messageOf(error)}`, { cause: error });
  };
}

function toRows(columns: readonly [string, DecodedArray][], start: number, count: number): Row[] {
  return Array.from({ length: count }, (_, row) =>
    Object.fromEntries(
      columns.map(([name, values]) => [name, (values[start + row] ?? null) as Value]),
    ),
  );
}

/** The columns below the root; nested ones have children of their own. */
function topLevel([root, ...elements]: readonly SchemaElement[]): SchemaElement[] {
  const found: SchemaElement[] = [];
  let index = 0;
  const skip = (count: number) => {
    for (let child = 0; child < count; child++) {
      const element = elements[index];
      index += 1;
      skip(element?.num_children ?? 0);
    }
  };
  for (let column = 0; column < (root?.num_children ?? 0); column++) {
    const element = elements[index];
    if (element === undefined) break;
    found.push(element);
    index += 1;
    skip(element.num_children ?? 0);
  }
  return found;
}

function isFlat({ type, num_children, repetition_type, converted_type }: SchemaElement): boolean {
  const isPlain = type !== undefined && type !== "INT96" && type !== "FIXED_LEN_BYTE_ARRAY";
  return isPlain && !num_children && repetition_type !== "REPEATED" && converted_type !== "DECIMAL";
}
