import type { Constraints } from "#core/drift/constraints.ts";
import { type DriftStatistic, driftStatistics } from "#core/model/settings.ts";
import { quote } from "#core/quote.ts";
import type { JsonObject, JsonReader } from "./json-reader.ts";

/** Of a domain; looked up by name, however many there are. */
export const domainMax = 65_536;

type Read = (reader: JsonReader, value: unknown, place: string) => unknown;

const readers: Readonly<Record<keyof Constraints, Read>> = {
  min: (reader, value, place) => reader.number(value, place),
  max: (reader, value, place) => reader.number(value, place),
  limits: readShare,
  categories: readCategories,
  domain: readShare,
  integral: readFlag,
  type: readShare,
  required: readFlag,
  completeness: readShare,
  thresholds: readThresholds,
};

/** The constraints of a feature of a baseline.json; undefined where it has none. */
export function readConstraints(
  reader: JsonReader,
  value: unknown,
  place: string,
): Constraints | undefined {
  if (value === undefined) return undefined;
  const object = reader.object(value, place);
  const constraints: Constraints = Object.fromEntries(
    Object.entries(object).map(([key, each]) => {
      const here = `${place}.${key}`;
      if (isKey(key)) return [key, readers[key](reader, each, here)];
      reader.problem(place, `unknown key ${quote(key)}`);
      return [key, undefined];
    }),
  );
  const { min, max } = constraints;
  if (min !== undefined && max !== undefined && min > max) {
    reader.problem(place, `min ${min} is more than max ${max}`);
  }
  return constraints;
}

function isKey(key: string): key is keyof Constraints {
  return Object.hasOwn(readers, key);
}

/** From 0 to 1. */
export function readShare(reader: JsonReader, value: unknown, place: string): number {
  const share = reader.number(value, place);
  if (share < 0 || share > 1) reader.problem(place, `${share} is no share from 0 to 1`);
  return share;
}

function readFlag(reader: JsonReader, value: unknown, place: string): boolean {
  if (typeof value !== "boolean") reader.problem(place, "expected true or false");
  return value === true;
}

function readCategories(reader: JsonReader, value: unknown, place: string): string[] {
  const list = reader.list(value, place);
  if (list.length > domainMax) {
    reader.problem(place, `has ${list.length} entries, limit ${domainMax}`);
  }
  return list.slice(0, domainMax).map((item, index) => {
    // The empty text is a category like any other.
    return item === "" ? "" : reader.text(item, `${place}[${index}]`);
  });
}

function readThresholds(
  reader: JsonReader,
  value: unknown,
  place: string,
): Partial<Record<DriftStatistic, number>> {
  const object: JsonObject = reader.object(value, place);
  const known: readonly string[] = driftStatistics;
  for (const key of Object.keys(object)) {
    if (!known.includes(key)) reader.problem(place, `unknown key ${quote(key)}`);
  }
  return Object.fromEntries(
    Object.entries(object).map(([key, each]) => [key, reader.number(each, `${place}.${key}`)]),
  );
}
