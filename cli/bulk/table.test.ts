import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempDir } from "../../test/support/temp.ts";
import { type Format, outputBeside, toPlace } from "./format.ts";
import { toOutputColumns } from "./output-columns.ts";
import { spoolText } from "./spool.ts";
import { openTable, type Table } from "./table.ts";
import { type Row, Time } from "./value.ts";
import { writeParquet } from "./write-parquet.ts";

async function write(text: string, format: Format, use: (table: Table) => Promise<void>) {
  await using folder = await tempDir();
  const path = join(folder.path, `rows.${format}`);
  await writeFile(path, text);
  await use(await openTable({ path, format }, Buffer.byteLength(text)));
}

async function rowsOf(table: Table, skip: number = 0): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const some of table.rows(skip)) rows.push(...some);
  return rows;
}

it("reads CSV as texts, quotes and all", async () => {
  const text = '\ufeffa,b\n1,"x, ""y""\n z"\r\n,\n';
  await write(text, "csv", async (table) => {
    expect(table).toMatchObject({ columns: ["a", "b"], isText: true });
    expect(await rowsOf(table)).toEqual([
      { a: "1", b: 'x, "y"\n z' },
      { a: "", b: "" },
    ]);
    expect(table.share()).toBe(1);
  });
});

it.each([
  ["a\n1\n\n2\n", ["1", "", "2"]],
  ["\n\r\na\r\n1\r\n\r\n2", ["1", "", "2"]],
  ["a\n\n", [""]],
  ['a\n""', [""]],
  ["a\n1\n", ["1"]],
  ["a\n", []],
])("keeps each row of one column, an empty line too: %j", async (text, values) => {
  await write(text, "csv", async (table) => {
    expect(await rowsOf(table)).toEqual(values.map((a) => ({ a })));
  });
});

it("takes empty lines for nothing where a row has more than one value", async () => {
  await write("\n\na,b\n\n1,2\n\n\n3,4\n\n", "csv", async (table) => {
    expect(await rowsOf(table)).toEqual([
      { a: "1", b: "2" },
      { a: "3", b: "4" },
    ]);
  });
});

it("reads JSON lines with all digits, and skips what was done", async () => {
  const lines = ['{"a":9007199254740993,"b":[1]}', "", '{"a":0.10000000000000001}', '{"c":"é"}'];
  await write(lines.join("\r\n"), "jsonl", async (table) => {
    expect(table.columns).toEqual(["a", "b", "c"]);
    expect(await rowsOf(table)).toEqual([{ a: 9007199254740993n, b: [1] }, { a: 0.1 }, { c: "é" }]);
  });
  await write(lines.join("\n"), "jsonl", async (table) => {
    expect(await rowsOf(table, 2)).toEqual([{ c: "é" }]);
  });
});

it.each<[Format, string, RegExp]>([
  ["csv", "", /is empty/],
  ["csv", "a,a\n", /column "a" is there twice/],
  ["csv", 'a\n"x\n', /rows\.csv:\d+: /],
  ["csv", "a,b\n1,2\n1\n", /rows\.csv:3: 1 values where the titles are 2/],
  ["jsonl", "\n\n", /is empty/],
  ["jsonl", '{"a":1}\n[1]\n', /rows\.jsonl:2: expected one JSON object/],
  ["jsonl", '{"a":1}\n{"a"\n', /rows\.jsonl:2: /],
  ["parquet", "PAR1 no parquet PAR1", /rows\.parquet: /],
])("says in which line of %s %o something is wrong", async (format, text, message) => {
  const reading = write(text, format, async (table) => void (await rowsOf(table)));
  await expect(reading).rejects.toThrow(message);
});

it("writes Parquet and reads it back, in row groups, from the middle too", async () => {
  await using folder = await tempDir();
  const paths = { spool: join(folder.path, "spool"), parquet: join(folder.path, "rows.parquet") };
  const rows: Row[] = Array.from({ length: 1_000 }, (_, index) => ({
    number: index / 4,
    integer: 2n ** 60n + BigInt(index),
    text: index % 3 === 0 ? null : `é${index}`,
    flag: index % 2 === 0,
    nested: { list: [index] },
    mixed: index % 2 === 0 ? "x" : index,
    time: new Time(BigInt(index), "us"),
  }));
  await writeFile(paths.spool, spoolText.rows(toOutputColumns([], []), rows));
  const declared = new Map([
    ["time", { name: "time", type: "INT64", converted_type: "TIMESTAMP_MICROS" } as const],
  ]);
  let seen = 0;
  await writeParquet({ ...paths, declared, names: ["number", "integer", "empty"] }, () => {
    seen += 1;
  });
  expect(seen).toBe(2_000);
  const table = await openTable({ path: paths.parquet, format: "parquet" }, undefined);
  expect(table.columns.slice(0, 3)).toEqual(["number", "integer", "empty"]);
  const read = await rowsOf(table, 990);
  const expected = rows
    .slice(990)
    .map((row) => ({ ...row, mixed: String(row["mixed"]), empty: null }));
  expect(read).toEqual(expected);
  expect(table.declared.get("integer")).toMatchObject({ type: "INT64" });
});

it("writes line separators, and large integers beside small, to Parquet", async () => {
  await using folder = await tempDir();
  const paths = { spool: join(folder.path, "spool"), parquet: join(folder.path, "rows.parquet") };
  const rows: Row[] = [
    { text: "a\u2028b\u2029c\u0085d", id: 5, nested: [2n ** 60n + 1n], large: 1e20 },
    { text: "\r", id: 9007199254740993n, nested: { "\u2028": 1 }, large: -0 },
  ];
  await writeFile(paths.spool, spoolText.rows(toOutputColumns([], []), rows));
  await writeParquet({ ...paths, declared: new Map(), names: ["text", "id"] });
  const table = await openTable({ path: paths.parquet, format: "parquet" }, undefined);
  expect(await rowsOf(table)).toEqual([{ ...rows[0], id: 5n }, rows[1]]);
});

it("knows formats by their files' names", () => {
  expect(toPlace("a/b.NDJSON", undefined, "--format").format).toBe("jsonl");
  expect(toPlace("-", "csv", "--format").format).toBe("csv");
  expect(() => toPlace("-", undefined, "--format")).toThrow("--format csv|jsonl");
  expect(() => toPlace("-", "parquet", "--format")).toThrow("Parquet needs a file");
  expect(() => toPlace("a.txt", undefined, "--format")).toThrow("a.txt has no extension I know");
  const input = toPlace("a/b.csv", undefined, "--format");
  expect(outputBeside(input, undefined)).toBe("a/b.predictions.csv");
  expect(outputBeside(input, "parquet")).toBe("a/b.predictions.parquet");
});
