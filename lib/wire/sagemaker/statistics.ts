// statistics.json of a SageMaker Model Monitor baseline, which deequ computes: counts and moments
// of every column, of numbers a quantile sketch and of texts the most frequent values. The sketch
// is a list of levels; a value of level i stands for 2^i values of the data. Doubles that JSON has
// no numbers for are written as texts, "NaN" and "Infinity".
import type { CategoryCount, Moments } from "#core/drift/baseline.ts";
import { quote } from "#core/quote.ts";
import { readJsonFile } from "../json-file.ts";
import type { JsonObject, JsonReader } from "../json-reader.ts";

/** Describes the columns of the data a SageMaker baseline was made from. */
export type SageMakerStatistics = {
  readonly rows: number;
  readonly columns: readonly ColumnStatistics[];
};

type Counts = { readonly name: string; readonly present: number; readonly missing: number };

export type ColumnStatistics =
  | (Counts & {
      readonly kind: "number";
      /** Absent where the file has fixed buckets alone, or nothing. */
      readonly sketch: Sketch | undefined;
      readonly moments: Moments | undefined;
    })
  | (Counts & {
      readonly kind: "text";
      /** Absent where the file tells no values. */
      readonly values: readonly CategoryCount[] | undefined;
    })
  /** Of no type that the file knows. */
  | (Counts & { readonly kind: "unknown" });

/** Values, and how many of the data each stands for. */
export type Sketch = { readonly values: Float64Array; readonly weights: Float64Array };

const columnsMax = 4096;
/** Of a sketch; deequ's of 2^50 values has fewer. */
const levelsMax = 50;
const valuesMax = 1_000_000;

/**
 * Reads the text of a statistics.json. Fails with `invalid-argument`, naming up to eight of the
 * problems by column and place.
 */
export function parseSageMakerStatistics(text: string): SageMakerStatistics {
  return readJsonFile(text, "statistics.json", (root, reader) => {
    readVersion(reader, root);
    const dataset = reader.object(root["dataset"], "dataset");
    return {
      rows: reader.count(dataset["item_count"], "dataset.item_count"),
      columns: readColumns(reader, root, readColumn),
    };
  });
}

/** There is one so far. */
export function readVersion(reader: JsonReader, root: JsonObject): void {
  if (root["version"] !== 0) {
    reader.problem("version", `expected 0, got ${JSON.stringify(root["version"])}`);
  }
}

/** What the files list under `features`. */
export function readColumns<T extends { readonly name: string }>(
  reader: JsonReader,
  root: JsonObject,
  read: (reader: JsonReader, column: JsonObject, place: Place) => T,
): T[] {
  const list = reader.list(root["features"], "features");
  if (list.length > columnsMax) {
    reader.problem("features", `has ${list.length} entries, limit ${columnsMax}`);
    return [];
  }
  const seen = new Set<string>();
  return list.map((item, index) => {
    const object = reader.object(item, `features[${index}]`);
    const name = reader.text(object["name"], `features[${index}].name`);
    if (seen.has(name)) reader.problem("features", `${quote(name)} appears twice`);
    seen.add(name);
    const here = name === "" ? `features[${index}]` : quote(name);
    return read(reader, object, (key) => `${here}.${key}`);
  });
}

/** Names what is within a column. */
export type Place = (key: string) => string;

function readColumn(reader: JsonReader, column: JsonObject, place: Place): ColumnStatistics {
  const name = typeof column["name"] === "string" ? column["name"] : "";
  const numbers = column["numerical_statistics"];
  const texts = column["string_statistics"];
  const key = numbers !== undefined ? "numerical_statistics" : "string_statistics";
  const statistics = numbers ?? texts;
  if (statistics === undefined) return { name, kind: "unknown", present: 0, missing: 0 };
  const at = (inner: string) => place(`${key}.${inner}`);
  const object = reader.object(statistics, place(key));
  const common = reader.object(object["common"], at("common"));
  const counts = {
    name,
    present: reader.count(common["num_present"], at("common.num_present")),
    missing: reader.count(common["num_missing"], at("common.num_missing")),
  };
  const { distribution } = object;
  const shape = distribution === undefined ? {} : reader.object(distribution, at("distribution"));
  if (numbers === undefined) {
    return { ...counts, kind: "text", values: readValues(reader, shape, counts, at) };
  }
  return {
    ...{ ...counts, kind: "number" },
    moments: readMoments(reader, object, at),
    sketch: readSketch(reader, shape, counts, at),
  };
}

/** Undefined where one of them is missing or not finite: then the sketch has to tell. */
function readMoments(reader: JsonReader, object: JsonObject, at: Place): Moments | undefined {
  const [mean, sd, min, max] = ["mean", "std_dev", "min", "max"].map((key) =>
    object[key] === undefined ? Number.NaN : readDouble(reader, object[key], at(key)),
  ) as [number, number, number, number];
  if (![mean, sd, min, max].every(Number.isFinite)) return undefined;
  if (sd < 0) reader.problem(at("std_dev"), `${sd} is less than 0`);
  if (min > max) reader.problem(at("min"), `${min} is more than max, ${max}`);
  return { mean, sd, min, max };
}

function readSketch(
  reader: JsonReader,
  distribution: JsonObject,
  { present }: Counts,
  at: Place,
): Sketch | undefined {
  const kll = distribution["kll"];
  if (kll === undefined) return undefined;
  const { sketch } = reader.object(kll, at("distribution.kll"));
  if (sketch === undefined) return undefined;
  const place = at("distribution.kll.sketch.data");
  const { data } = reader.object(sketch, at("distribution.kll.sketch"));
  if (data === undefined) return undefined;
  const levels = reader.list(data, place).map((level, height) => {
    return readLevel(reader, level, `${place}[${height}]`);
  });
  if (levels.length > levelsMax) {
    reader.problem(place, `has ${levels.length} levels, limit ${levelsMax}`);
    return undefined;
  }
  const values = Float64Array.from(levels.flat());
  if (values.length > valuesMax) {
    reader.problem(place, `has ${values.length} values, limit ${valuesMax}`);
    return undefined;
  }
  const weights = Float64Array.from(
    levels.flatMap((level, height) => level.map(() => 2 ** height)),
  );
  const sum = weights.reduce((all, weight) => all + weight, 0);
  if (sum !== present) {
    const stand = `its ${values.length} values stand for ${sum}`;
    reader.problem(place, `${stand}, and num_present is ${present}`);
  }
  return { values, weights };
}

/** Tells of the first value alone that is none. */
function readLevel(reader: JsonReader, level: unknown, place: string): number[] {
  const list = reader.list(level, place);
  const wrong = list.findIndex((value) => doubleOf(value) === undefined);
  if (wrong >= 0) reader.number(list[wrong], `${place}[${wrong}]`);
  return list.map((value) => doubleOf(value) ?? 0);
}

function readValues(
  reader: JsonReader,
  distribution: JsonObject,
  { present }: Counts,
  at: Place,
): CategoryCount[] | undefined {
  const { categorical } = distribution;
  if (categorical === undefined) return undefined;
  const place = at("distribution.categorical.buckets");
  const { buckets } = reader.object(categorical, at("distribution.categorical"));
  const list = reader.list(buckets, place);
  const values = list.map((item, index) => {
    const object = reader.object(item, `${place}[${index}]`);
    // The empty text is a value like any other.
    const here = `${place}[${index}].value`;
    const value = object["value"] === "" ? "" : reader.text(object["value"], here);
    return { value, count: reader.count(object["count"], `${place}[${index}].count`) };
  });
  const sum = values.reduce((all, { count }) => all + count, 0);
  if (sum > present) reader.problem(place, `count ${sum}, and num_present is ${present}`);
  const distinct = new Set(values.map(({ value }) => value));
  if (distinct.size < values.length) reader.problem(place, "tell a value twice");
  return values;
}

function readDouble(reader: JsonReader, value: unknown, place: string): number {
  return doubleOf(value) ?? reader.number(value, place);
}

const named: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

function doubleOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" && Object.hasOwn(named, value) ? named[value] : undefined;
}
