import { resolve } from "node:path";
import { formatRef } from "#core/model/name.ts";
import { UsageError } from "../exit-code.ts";
import type { ServedModel } from "../model-argument.ts";
import type { ShellFlags } from "../shell.ts";
import { type Format, outputBeside, type Place, stdioPath, toPlace } from "./format.ts";
import type { Fingerprint } from "./input-file.ts";
import type { RunKey } from "./part-file.ts";
import { spoolText } from "./spool.ts";
import { csvText, jsonlText, type TextFormat } from "./write-text.ts";

export type BulkFlags = ShellFlags & {
  readonly output?: string;
  readonly format?: Format;
  readonly outputFormat?: Format;
  readonly rowsPerItem: string;
  readonly onlyPredictions?: boolean;
  readonly restart?: boolean;
};

export const rowsPerItemDefault = 512;
const rowsPerItemMax = 65_536;

/** What is asked for. */
export type Job = {
  readonly input: Place;
  readonly output: Place;
  readonly rowsPerItem: number;
  readonly isKept: boolean;
};

/** Throws a UsageError. */
export function toJob(file: string, flags: BulkFlags, isJson: boolean): Job {
  const input = toPlace(file, flags.format, "--format");
  const path = flags.output ?? outputBeside(input, flags.outputFormat);
  const isToPipe = path === stdioPath;
  const said = flags.outputFormat ?? (isToPipe ? input.format : undefined);
  const output = toPlace(path, said, "--output-format");
  if (isToPipe && isJson) throw new UsageError("--json prints a summary: name a file with -o");
  if (!isToPipe && resolve(path) === resolve(input.path)) {
    throw new UsageError(`${path} is the input: name another file with -o`);
  }
  const rowsPerItem = Number(flags.rowsPerItem);
  if (!Number.isInteger(rowsPerItem) || rowsPerItem < 1 || rowsPerItem > rowsPerItemMax) {
    const range = `a whole number from 1 to ${rowsPerItemMax}`;
    throw new UsageError(`--rows-per-item ${flags.rowsPerItem}: expected ${range}`);
  }
  return { input, output, rowsPerItem, isKept: flags.onlyPredictions !== true };
}

/** Everything that decides what is written. */
export function keyOf(
  { input, output, rowsPerItem, isKept }: Job,
  of: {
    readonly served: ServedModel;
    readonly digest: string;
    readonly fingerprint: Fingerprint | undefined;
  },
): RunKey {
  return {
    model: formatRef(of.served),
    "model.onnx": of.digest,
    input: resolve(input.path),
    "size of the input": of.fingerprint?.bytes ?? 0,
    "time of the input": of.fingerprint?.modifiedMs ?? 0,
    "content of the input": of.fingerprint?.digest ?? "",
    format: input.format,
    "output format": output.format,
    "rows per item": rowsPerItem,
    "choice of columns": isKept,
  };
}

/** What the part is written in. */
export function textOf(format: Format): TextFormat {
  if (format === "csv") return csvText;
  return format === "jsonl" ? jsonlText : spoolText;
}
