import type {
  Baseline,
  FeatureBaseline,
  Moments,
  NumberBaseline,
  ServedPeriod,
} from "#core/drift/baseline.ts";
import type { Frequency } from "#core/drift/expected-distinct.ts";
import { formatRef, type ModelRef } from "#core/model/name.ts";
import { quote } from "#core/quote.ts";
import { type Dtype, isDtype } from "#core/tensor/dtype.ts";
import { readConstraints } from "./baseline-constraints.ts";
import { calibrationToPlain, readCalibration } from "./calibration.ts";
import { readJsonFile } from "./json-file.ts";
import type { JsonObject, JsonReader } from "./json-reader.ts";

const formatVersion = 1;
// Bounds what a window of one model version can hold in memory.
const featuresMax = 4096;
const edgesMax = 1024;
const categoriesMax = 1024;
const frequenciesMax = 1024;

/**
 * Reads the text of a baseline.json. Fails with `invalid-argument`, naming up to eight of the
 * problems by their place.
 */
export function parseBaseline(text: string): Baseline {
  return readJsonFile(text, "baseline.json", (root, reader) => {
    if (root["format"] !== formatVersion) {
      reader.problem("format", `expected ${formatVersion}, got ${JSON.stringify(root["format"])}`);
    }
    return {
      model: reader.text(root["model"], "model"),
      version: reader.count(root["version"], "version"),
      digest: reader.text(root["digest"], "digest"),
      rows: reader.count(root["rows"], "rows"),
      createdAt: reader.text(root["createdAt"], "createdAt"),
      source: readSource(reader, root["source"]),
      features: readFeatures(reader, root["features"], "features"),
      outputs: readFeatures(reader, root["outputs"], "outputs"),
      calibration: readCalibration(reader, root["calibration"]),
      ...readVocabulary(reader, root["vocabulary"]),
    };
  });
}

/** The text of a baseline.json: a feature a line, so that a changed feature is a changed line. */
export function formatBaseline(baseline: Baseline): string {
  const { model, version, digest, rows, createdAt, features, outputs } = baseline;
  const { source, calibration, vocabulary } = baseline;
  const head = {
    ...{ format: formatVersion, model, version, digest, rows, createdAt },
    ...(source && { source }),
    ...(vocabulary === undefined ? {} : { vocabulary }),
    ...(calibration && { calibration: calibrationToPlain(calibration) }),
  };
  const lines = Object.entries(head).map(([key, value]) => `  "${key}": ${JSON.stringify(value)},`);
  const listed = (key: string, list: readonly FeatureBaseline[]) => {
    const items = list.map((each) => `\n    ${JSON.stringify(toPlain(each))}`);
    return `  "${key}": [${items.join(",")}\n  ]`;
  };
  const lists = `${listed("features", features)},\n${listed("outputs", outputs)}`;
  return `{\n${lines.join("\n")}\n${lists}\n}\n`;
}

/** Every feature has every key, whatever its type; constraints only where there are any. */
function toPlain(feature: FeatureBaseline): JsonObject {
  const { name, type, dtype, nulls, constraints } = feature;
  const declared = constraints === undefined ? {} : { constraints };
  const none = { edges10: [], counts10: [], edges64: [], counts64: [], sums64: [] };
  const noMoments = { mean: null, sd: null, min: null, max: null };
  if (feature.type === "category") {
    const { categories, rest } = feature;
    const frequencies = rest && { rest: rest.map(({ count, values }) => [count, values]) };
    const odd = { nulls, nans: 0, posInf: 0, negInf: 0 };
    return {
      name,
      type,
      dtype,
      ...none,
      categories,
      ...frequencies,
      ...odd,
      ...noMoments,
      ...declared,
    };
  }
  const { edges10, counts10, edges64, counts64, sums64, nans, posInf, negInf, moments } = feature;
  const bins = { edges10, counts10, edges64, counts64, sums64 };
  const odd = { nulls, nans, posInf, negInf };
  const numbers = { ...bins, categories: [], ...odd, ...(moments ?? noMoments) };
  return { name, type, dtype, ...numbers, ...declared };
}

/** Why a baseline cannot serve a model version; undefined when it can. */
export function baselineMismatch(baseline: Baseline, served: ModelRef): string | undefined {
  return baseline.model === served.model && baseline.version === served.version
    ? undefined
    : `baseline.json is of ${formatRef(baseline)}, not of ${formatRef(served)}`;
}

function readSource(reader: JsonReader, value: unknown): ServedPeriod | undefined {
  if (value === undefined) return undefined;
  const source = reader.object(value, "source");
  return {
    since: reader.text(source["since"], "source.since"),
    until: reader.text(source["until"], "source.until"),
    share: reader.number(source["share"], "source.share"),
  };
}

function readFeatures(reader: JsonReader, value: unknown, place: string): FeatureBaseline[] {
  const list = reader.list(value, place);
  if (list.length > featuresMax) {
    reader.problem(place, `has ${list.length} entries, limit ${featuresMax}`);
    return [];
  }
  const features = list.map((item, index) => readFeature(reader, item, `${place}[${index}]`));
  const seen = new Set<string>();
  for (const { name } of features) {
    if (seen.has(name)) reader.problem(place, `${quote(name)} appears twice`);
    seen.add(name);
  }
  return features;
}

/** Only a model that has texts has one. */
function readVocabulary(reader: JsonReader, value: unknown): Pick<Baseline, "vocabulary"> {
  return value === undefined ? {} : { vocabulary: reader.text(value, "vocabulary") };
}

function readFeature(reader: JsonReader, value: unknown, place: string): FeatureBaseline {
  const object = reader.object(value, place);
  const name = reader.text(object["name"], `${place}.name`);
  const here = name === "" ? place : name;
  const constraints = readConstraints(reader, object["constraints"], `${here}.constraints`);
  const common = {
    name,
    dtype: readDtype(reader, object["dtype"], `${here}.dtype`),
    nulls: reader.count(object["nulls"], `${here}.nulls`),
    ...(constraints === undefined ? {} : { constraints }),
  };
  if (object["type"] === "number") return { ...common, ...readNumber(reader, object, here) };
  if (object["type"] !== "category") {
    reader.problem(
      `${here}.type`,
      `expected number or category, got ${quote(`${object["type"]}`)}`,
    );
  }
  const placed = `${here}.categories`;
  const list = reader.list(object["categories"], placed);
  if (list.length > categoriesMax) {
    reader.problem(placed, `has ${list.length} entries, limit ${categoriesMax}`);
  }
  const categories = list.slice(0, categoriesMax).map((item, index) => {
    const entry = reader.object(item, `${placed}[${index}]`);
    // The empty text is a category like any other.
    const text = entry["value"] === "" ? "" : reader.text(entry["value"], `${placed}[${index}]`);
    return { value: text, count: reader.count(entry["count"], `${placed}[${index}].count`) };
  });
  const rest = object["rest"] === undefined ? undefined : readRest(reader, object["rest"], here);
  return { ...common, type: "category", categories, ...(rest === undefined ? {} : { rest }) };
}

/** Pairs of how often a value occurs and how many do. */
function readRest(reader: JsonReader, value: unknown, here: string): Frequency[] {
  const placed = `${here}.rest`;
  const list = reader.list(value, placed);
  if (list.length > frequenciesMax) {
    reader.problem(placed, `has ${list.length} entries, limit ${frequenciesMax}`);
  }
  return list.slice(0, frequenciesMax).map((item, index) => {
    const [count, values] = reader.list(item, `${placed}[${index}]`);
    return {
      count: reader.number(count, `${placed}[${index}][0]`),
      values: reader.count(values, `${placed}[${index}][1]`),
    };
  });
}

function readNumber(
  reader: JsonReader,
  object: JsonObject,
  here: string,
): Omit<NumberBaseline, "name" | "dtype" | "nulls"> {
  if (object["dtype"] === "BYTES") reader.problem(`${here}.dtype`, "texts cannot be numbers");
  const edges10 = readEdges(reader, object["edges10"], `${here}.edges10`);
  const edges64 = readEdges(reader, object["edges64"], `${here}.edges64`);
  return {
    type: "number",
    edges10,
    counts10: readBins(reader, object["counts10"], `${here}.counts10`, edges10, "count"),
    edges64,
    counts64: readBins(reader, object["counts64"], `${here}.counts64`, edges64, "count"),
    sums64: readBins(reader, object["sums64"], `${here}.sums64`, edges64, "number"),
    nans: reader.count(object["nans"], `${here}.nans`),
    posInf: reader.count(object["posInf"], `${here}.posInf`),
    negInf: reader.count(object["negInf"], `${here}.negInf`),
    moments: readMoments(reader, object, here),
  };
}

function readDtype(reader: JsonReader, value: unknown, place: string): Dtype {
  const text = reader.text(value, place);
  if (isDtype(text)) return text;
  if (text !== "") reader.problem(place, `${quote(text)} is no data type`);
  return "FP64";
}

function readEdges(reader: JsonReader, value: unknown, place: string): number[] {
  const list = reader.list(value, place);
  if (list.length > edgesMax) {
    reader.problem(place, `has ${list.length} edges, limit ${edgesMax}`);
    return [];
  }
  const edges = list.map((edge, index) => reader.number(edge, `${place}[${index}]`));
  const fall = edges.findIndex(
    (edge, index) => edge <= (edges[index - 1] ?? Number.NEGATIVE_INFINITY),
  );
  if (fall >= 0) reader.problem(`${place}[${fall}]`, "is not above the edge before it");
  return edges;
}

function readBins(
  reader: JsonReader,
  value: unknown,
  place: string,
  edges: readonly number[],
  as: "count" | "number",
): number[] {
  const list = reader.list(value, place);
  if (list.length !== edges.length + 1) {
    reader.problem(
      place,
      `has ${list.length} bins where ${edges.length} edges make ${edges.length + 1}`,
    );
    return [];
  }
  return list.map((item, index) => reader[as](item, `${place}[${index}]`));
}

/** All four or, where no value is finite, none. */
function readMoments(reader: JsonReader, object: JsonObject, here: string): Moments | undefined {
  if (object["mean"] === null) return undefined;
  return {
    mean: reader.number(object["mean"], `${here}.mean`),
    sd: reader.number(object["sd"], `${here}.sd`),
    min: reader.number(object["min"], `${here}.min`),
    max: reader.number(object["max"], `${here}.max`),
  };
}
