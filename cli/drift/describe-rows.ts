import { createHash } from "node:crypto";
import type { Baseline } from "#core/drift/baseline.ts";
import { Failure } from "#core/failure.ts";
import { quoteAll } from "#core/quote.ts";
import { formatVocabulary, vocabularyBytesMax } from "#wire/vocabulary.ts";
import { toPlace } from "../bulk/format.ts";
import type { Row } from "../bulk/value.ts";
import { CalibrationRows } from "./calibration-rows.ts";
import {
  type CountedTokens,
  countTokens,
  type ReadingProgress,
  sharesAmongOthers,
} from "./count-tokens.ts";
import { findColumns, type WatchedVersion } from "./model-columns.ts";
import { openPlace } from "./open-place.ts";
import { readBaseline } from "./read-baseline.ts";

export type DescribeRowsOptions = {
  readonly path: string;
  /** The column of true classes. */
  readonly actual: string;
  readonly onProgress: ReadingProgress;
};

export type DescribedRows = Omit<Baseline, "model" | "version" | "digest" | "createdAt"> & {
  /** Of the model, that the file lacks. */
  readonly missing: { readonly features: readonly string[]; readonly outputs: readonly string[] };
  /** The text of the vocabulary.txt that goes with it; undefined where no text needs one. */
  readonly words: string | undefined;
};

/** Describes the rows of a file. Throws a Failure where it has nothing of the model. */
export async function describeRows(
  model: WatchedVersion,
  { path, actual, onProgress }: DescribeRowsOptions,
): Promise<DescribedRows> {
  const place = toPlace(path, undefined, "--from");
  const table = await openPlace(place);
  const { features, outputs, missingFeatures, missingOutputs } = findColumns(model, table.columns);
  if (features.length === 0) {
    const names = quoteAll(missingFeatures, 8);
    const problem = `no column of ${path} is one of the features ${names}`;
    throw new Failure("invalid-argument", problem);
  }
  const columns = [...features, ...outputs];
  const counts = await countTokens(place, columns, onProgress);
  const words = toVocabulary(counts);
  const shares = sharesAmongOthers(counts);
  const { performance } = model;
  const rows = CalibrationRows.open({ performance, outputs, titles: table.columns, actual });
  const onRow = rows && ((row: Row) => rows.add(row));
  const told = () => onProgress(table.share(), `reading ${path}`);
  const described = await readBaseline(table, { path, columns, shares, onProgress: told, onRow });
  return {
    rows: described.rows,
    features: described.features.slice(0, features.length),
    outputs: described.features.slice(features.length),
    calibration: rows?.calibration(),
    vocabulary: words && sha256(words),
    missing: { features: missingFeatures, outputs: missingOutputs },
    words,
  };
}

function toVocabulary(counts: CountedTokens): string | undefined {
  if (counts.size === 0) return undefined;
  const tokens = [...counts].map(([name, counted]) => [name, counted.vocabulary()] as const);
  const text = formatVocabulary(new Map(tokens));
  const bytes = Buffer.byteLength(text);
  if (bytes <= vocabularyBytesMax) return text;
  const problem = `the words of ${quoteAll([...counts.keys()], 8)} come to ${bytes} bytes`;
  const way = "watch fewer by monitoring.reducers: { <feature>: [length] }";
  throw new Failure("failed-precondition", `${problem}, limit ${vocabularyBytesMax}: ${way}`);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
