import { readFile } from "node:fs/promises";
import { text as readAll } from "node:stream/consumers";
import { messageOf } from "#core/failure.ts";
import { quote } from "#core/quote.ts";
import type { Feature } from "#gen/sluice/control/v1/model_pb.ts";
import { type Cell, cellOfJson, checkFeatureNames, parseCell, type Row } from "./cells.ts";
import { UsageError } from "./exit-code.ts";

/** One row from `name=value` arguments. Throws a UsageError that names what is wrong. */
export function rowOfAssignments(
  features: readonly Feature[],
  assignments: readonly string[],
): Row {
  const given = new Map<string, string>();
  const pairs = assignments.map(splitAssignment);
  checkFeatureNames(
    features,
    pairs.map(({ name }) => name),
  );
  for (const { name, value } of pairs) given.set(name, value);
  return features.map((feature) => {
    const value = given.get(feature.name);
    return value === undefined ? null : parseCell(feature, value);
  });
}

/**
 * Rows from JSON: an array of objects (one for each row), an object of arrays (one for each
 * feature), or an object of values (one row). null is a missing value. Throws a UsageError that
 * names what is wrong.
 */
export function rowsOfJson(features: readonly Feature[], json: string): Row[] {
  const value = parseJson(json);
  const rows = Array.isArray(value) ? value : rowsOfColumns(value);
  if (rows.length === 0) throw new UsageError("the input has no rows");
  return rows.map((row, index) => {
    if (!isObject(row)) throw new UsageError(`row ${index + 1} of the input is no object`);
    checkFeatureNames(features, Object.keys(row));
    return features.map((feature) => {
      const cell: Cell = cellOfJson(feature, row[feature.name]);
      return cell;
    });
  });
}

/**
 * The text of a file, or of standard input for `-`. Throws a UsageError where it cannot be read.
 */
export async function readInput(path: string): Promise<string> {
  try {
    return path === "-" ? await readAll(process.stdin) : await readFile(path, "utf8");
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${messageOf(error)}`);
  }
}

function splitAssignment(text: string): { name: string; value: string } {
  const at = text.indexOf("=");
  if (at <= 0) throw new UsageError(`${quote(text)} is not of the form name=value`);
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}

function parseJson(json: string): unknown {
  try {
    // Editors on some systems begin a file with a byte order mark.
    return JSON.parse(json.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new UsageError(`the input is not JSON: ${messageOf(error)}`);
  }
}

function rowsOfColumns(value: unknown): unknown[] {
  if (!isObject(value)) {
    throw new UsageError("the input must be an array of objects or an object of arrays");
  }
  const columns = Object.entries(value);
  if (!columns.some(([, column]) => Array.isArray(column))) return [value];
  const rows: Record<string, unknown>[] = [];
  const [firstName, first] = columns[0] ?? ["", []];
  for (const [name, column] of columns) {
    if (!Array.isArray(column)) {
      throw new UsageError(`${quote(name)} is no array, but ${quote(firstName)} is`);
    }
    if (Array.isArray(first) && column.length !== first.length) {
      const lengths = `${column.length} values, ${quote(firstName)} has ${first.length}`;
      throw new UsageError(`${quote(name)} has ${lengths}`);
    }
    for (const [index, cell] of column.entries()) {
      const row = rows[index] ?? {};
      row[name] = cell;
      rows[index] = row;
    }
  }
  return rows;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
