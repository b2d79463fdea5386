import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SluiceClient } from "#client/index.ts";
import { toPlace } from "../../cli/bulk/format.ts";
import { openTable } from "../../cli/bulk/table.ts";
import type { Row } from "../../cli/bulk/value.ts";
import { samplesDir, startTestCluster, type TestCluster } from "../support/cluster.ts";
import { type SluiceOptions, type SluiceRun, sluice } from "../support/sluice.ts";
import { type TempDir, tempDir } from "../support/temp.ts";

let folder: TempDir;
let cluster: TestCluster;
const examples = join(samplesDir, "credit", "examples.csv");

beforeAll(async () => {
  folder = await tempDir();
  cluster = await startTestCluster({ nats: false });
  const [titles = "", ...rows] = (await readFile(examples, "utf8")).trimEnd().split("\n");
  const many = Array.from({ length: 2 }, () => rows).flat();
  await writeFile(path("many.csv"), `${[titles, ...many].join("\n")}\n`);
}, 120_000);

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

function path(name: string): string {
  return join(folder.path, name);
}

async function bulk(args: readonly string[], options: SluiceOptions = {}): Promise<SluiceRun> {
  return await sluice(["bulk", ...args], { ...options, env: { SLUICE_DATA: cluster.dataDir } });
}

async function rowsOf(file: string): Promise<Row[]> {
  const table = await openTable(toPlace(file, undefined, "--format"), undefined);
  const rows: Row[] = [];
  for await (const some of table.rows(0)) rows.push(...some);
  return rows;
}

const outputs = ["label", "probabilities.approved", "probabilities.denied"];

function predictionsOf(rows: readonly Row[]): unknown[] {
  return rows.map((row) =>
    outputs.map((name) => (name === "label" ? row[name] : Number(row[name]))),
  );
}

describe("sluice bulk", () => {
  it("gives the predictions of Predict in every format, from every format", async () => {
    const formats = ["csv", "jsonl", "parquet"];
    for (const format of formats) {
      const { code, output, errors } = await bulk(["credit", examples, "-o", path(`a.${format}`)]);
      expect([code, errors]).toEqual([0, ""]);
      expect(output).toMatch(/^credit@1 {2}2000 rows in /);
    }
    const fromCsv = await rowsOf(path("a.csv"));
    await using client = new SluiceClient(cluster.grpc);
    const names = (await readFile(examples, "utf8")).split(",split,")[0]?.split(",") ?? [];
    const records = (await rowsOf(path("a.jsonl"))).map((row) => {
      return Object.fromEntries(names.map((name) => [name, row[name] as number | string]));
    });
    const direct = await client.predict({ model: "credit", records });
    const wanted = predictionsOf(direct.rows());
    for (const [index, row] of predictionsOf(fromCsv).entries()) {
      const [label, ...shares] = row as [string, number, number];
      const [expected, ...close] = wanted[index] as [string, number, number];
      expect(label).toBe(expected);
      for (const [at, share] of shares.entries()) expect(share).toBeCloseTo(close[at] ?? 2, 5);
    }
    for (const from of formats) {
      const to = path(`b-${from}.jsonl`);
      const source = from === "csv" ? examples : path(`a.${from}`);
      const { code } = await bulk(["credit", source, "-o", to, "--only-predictions"]);
      expect(code).toBe(0);
      const rows = await rowsOf(to);
      const renamed = rows.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([name, value]) => [name.replace("predicted.", ""), value]),
        ),
      );
      expect(predictionsOf(renamed)).toEqual(predictionsOf(fromCsv));
    }
    expect((await rowsOf(path("a.parquet"))).map(({ error, ...row }) => row)).toEqual(
      (await rowsOf(path("a.jsonl"))).map(({ error, ...row }) => row),
    );
    expect((await readdir(folder.path)).filter((name) => name.includes(".part"))).toEqual([]);
  }, 120_000);

  it("tells bad rows from good ones, and says why", async () => {
    const [titles = "", one = "", two = "", three = ""] = (await readFile(examples, "utf8")).split(
      "\n",
    );
    const bad = two.replace(/^84,/, "old,");
    const blank = three.replace(/^42,/, ",");
    await writeFile(path("bad.csv"), [titles, one, bad, blank, one].join("\n"));
    const { code, output } = await bulk(["credit", path("bad.csv"), "--json"]);
    expect(JSON.parse(output)).toMatchObject({ rows: 4, rowsFailed: 2 });
    expect(code).toBe(4);
    const rows = await rowsOf(path("bad.predictions.csv"));
    expect(rows.map(({ label }) => label)).toEqual(["approved", "", "", "approved"]);
    const errors = rows.map(({ error }) => error);
    expect(errors[1]).toBe('feature "age" takes a number, got "old"');
    expect(errors[2]).toMatch(/"age"/);
    expect([errors[0], errors[3]]).toEqual(["", ""]);
  });

  it("reads standard input and writes standard output", async () => {
    const input = (await rowsOf(examples)).slice(0, 3).map((row) => `${JSON.stringify(row)}\n`);
    const args = ["credit", "-", "--format", "jsonl", "--output-format", "csv"];
    const { code, output } = await bulk(args, { input: input.join("") });
    expect(code).toBe(0);
    expect(output.trim().split("\n")).toHaveLength(4);
    expect(output).toMatch(/,label,probabilities.approved,probabilities.denied,error\n/);
  });

  it.each([
    ["there is no file", ["credit", "no.csv"], 1, /^sluice: there is no no\.csv\n$/],
    [
      "of a folder",
      ["credit", samplesDir, "--format", "csv", "-o", "x.csv"],
      1,
      /cannot read .*: it is a folder/,
    ],
    ["the model is unknown", ["whine", examples], 1, /no model "whine"\. Did you mean wine\?/],
    ["nobody answers", ["credit", examples, "--server", "127.0.0.1:1"], 3, /no gateway answers at/],
    ["columns are missing", ["wine", examples], 1, /has no column "alcohol", .* wine@1 requires/],
  ])("refuses in one line where %s", async (_, args, expected, message) => {
    const { code, output, errors } = await bulk(args);
    expect(errors).toMatch(message);
    expect(errors.trim().split("\n")).toHaveLength(1);
    expect([code, output]).toEqual([expected, ""]);
  });

  it("names the line of a row that has too few values", async () => {
    const lines = (await readFile(examples, "utf8")).split("\n").slice(0, 4);
    await writeFile(path("ragged.csv"), `${lines.join("\n")}\n1,2,3\n`);
    const { code, errors } = await bulk(["credit", path("ragged.csv")]);
    expect(errors).toMatch(/ragged\.csv:5: 3 values where the titles are 15/);
    expect(code).toBe(1);
    await writeFile(path("ragged.jsonl"), '{"a":1}\n\n{"a":\n');
    const { errors: second } = await bulk(["credit", path("ragged.jsonl")]);
    expect(second).toMatch(/ragged\.jsonl:3: /);
  });
});

describe("an interrupted sluice bulk", () => {
  const args = (to: string) => ["credit", path("many.csv"), "-o", to, "--rows-per-item", "2"];

  /** Interrupts as soon as more of the run lasts than before. */
  async function interrupt(to: string, kill: "SIGINT" | "SIGKILL"): Promise<SluiceRun> {
    const stop = new AbortController();
    const running = bulk(args(to), { signal: stop.signal, kill });
    const saved = () => readFile(`${to}.part.json`, "utf8").catch(() => "");
    const before = await saved();
    let isOver = false;
    const over = running.finally(() => {
      isOver = true;
    });
    while (!isOver && (await saved()) === before);
    stop.abort();
    return await over;
  }

  it.each(["csv", "parquet"])(
    "goes on where it was, and comes out the same (%s)",
    async (format) => {
      const whole = path(`whole.${format}`);
      const resumed = path(`resumed.${format}`);
      expect((await bulk(args(whole))).code).toBe(0);
      const { code, errors } = await interrupt(resumed, "SIGINT");
      expect(errors).toMatch(
        /^sluice: interrupted after \d+ rows: \d+ rows in .*part; the same comm/,
      );
      expect(code).toBe(1);
      expect((await interrupt(resumed, "SIGKILL")).code).toBe(null);
      const { output } = await bulk([...args(resumed), "--json"]);
      const { rows, rowsResumed } = JSON.parse(output) as { rows: number; rowsResumed: number };
      expect(rows).toBe(4_000);
      expect(rowsResumed).toBeGreaterThan(0);
      expect(rowsResumed).toBeLessThan(4_000);
      expect(Buffer.compare(await readFile(resumed), await readFile(whole))).toBe(0);
      expect((await readdir(folder.path)).filter((name) => name.includes(".part"))).toEqual([]);
    },
    120_000,
  );

  it("is none of the worker's business: what is lost with one is asked for again", async () => {
    const to = path("killed.csv");
    const running = bulk([...args(to), "--json"]);
    let isOver = false;
    const over = running.finally(() => {
      isOver = true;
    });
    const isBegun = () => readFile(`${to}.part.json`).then(Boolean, () => false);
    while (!isOver && !(await isBegun()));
    process.kill(cluster.pidOf("credit-1-0") ?? 0, "SIGKILL");
    const { code, output } = await over;
    expect(JSON.parse(output)).toMatchObject({ rows: 4_000, rowsFailed: 0 });
    expect(code).toBe(0);
    expect(Buffer.compare(await readFile(to), await readFile(path("whole.csv")))).toBe(0);
  }, 120_000);

  it("does not go on with another input nor with a part that was cut", async () => {
    const to = path("other.csv");
    await interrupt(to, "SIGKILL");
    const another = await bulk(["credit", examples, "-o", to, "--rows-per-item", "2"]);
    expect(another.errors).toMatch(/is of another run, with another input, size of the input/);
    expect(another.code).toBe(1);
    await truncate(`${to}.part`, 10);
    const cut = await bulk(args(to));
    expect(cut.errors).toMatch(/other\.csv\.part is gone or cut short: --restart begins anew/);
    const { code, output } = await bulk(["credit", examples, "-o", to, "--restart"]);
    expect(output).toMatch(/2000 rows in /);
    expect(code).toBe(0);
  }, 120_000);
});
