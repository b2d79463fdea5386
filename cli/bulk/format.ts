import { basename, dirname, extname, join } from "node:path";
import { UsageError } from "../exit-code.ts";

/** What files hold. */
export type Format = "csv" | "jsonl" | "parquet";

const formats: Readonly<Record<string, Format>> = {
  csv: "csv",
  jsonl: "jsonl",
  ndjson: "jsonl",
  json: "jsonl",
  parquet: "parquet",
  pq: "parquet",
};

/** Standard input or output. */
export const stdioPath = "-";

export type Place = { readonly path: string; readonly format: Format };

/** The format that was said, or that of the file's name. Throws a UsageError. */
export function toPlace(path: string, said: string | undefined, flag: string): Place {
  const extension = extname(path).slice(1).toLowerCase();
  const name = said ?? (path === stdioPath ? undefined : extension);
  if (name === undefined) throw new UsageError(`say what is on standard input: ${flag} csv|jsonl`);
  const format = Object.hasOwn(formats, name) ? formats[name] : undefined;
  if (format === undefined) {
    const what = said === undefined ? `${path} has no extension I know` : `${flag} ${said}`;
    throw new UsageError(`${what}: expected csv, jsonl or parquet${said ? "" : ` (${flag})`}`);
  }
  if (path === stdioPath && format === "parquet") {
    throw new UsageError("Parquet needs a file: its index is at its end");
  }
  return { path, format };
}

/** Where predictions go when nobody says: beside the input, or where that is a pipe, to another. */
export function outputBeside(input: Place, said: string | undefined): string {
  if (input.path === stdioPath) return stdioPath;
  const own = extname(input.path);
  const extension = said === undefined ? own || `.${input.format}` : `.${said}`;
  return join(dirname(input.path), `${basename(input.path, own)}.predictions${extension}`);
}
