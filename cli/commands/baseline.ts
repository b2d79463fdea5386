import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import type { Baseline } from "#core/drift/baseline.ts";
import { Failure, messageOf } from "#core/failure.ts";
import { formatRef } from "#core/model/name.ts";
import { quoteAll } from "#core/quote.ts";
import { modelPaths, vocabularyFile } from "#platform/model-repository.ts";
import { formatBaseline } from "#wire/baseline.ts";
import { formatVocabulary, vocabularyBytesMax } from "#wire/vocabulary.ts";
import { stdioPath, toPlace } from "../bulk/format.ts";
import type { Row } from "../bulk/value.ts";
import { CalibrationRows } from "../drift/calibration-rows.ts";
import { type CountedTokens, countTokens, sharesAmongOthers } from "../drift/count-tokens.ts";
import { findColumns, readWatchedVersion } from "../drift/model-columns.ts";
import { openPlace } from "../drift/open-place.ts";
import { readBaseline } from "../drift/read-baseline.ts";
import { type ExitCode, exitCode, UsageError } from "../exit-code.ts";
import { formatCount } from "../format.ts";
import { type ModelArgument, parseModelArgument } from "../model-argument.ts";
import { Progress } from "../progress.ts";
import { conclude, type Shell, type ShellFlags, withModelsFlag, writeJson } from "../shell.ts";

type BaselineFlags = ShellFlags & {
  readonly from: string;
  readonly actual: string;
  readonly out?: string;
};

/** Files that are read faster need no bar. */
const progressAfterMs = 2_000;

const examples = `
The file, CSV, JSON lines or Parquet, has a column for each feature under its name and, for the
outputs, columns named as in examples.csv: v1.label, v1.probabilities.yes. What it lacks is told
and not watched. Give it the rows the model was made from. Of a feature of type text it has the
texts themselves: their words go to vocabulary.txt beside baseline.json. Inputs and outputs that
are watched by summaries may be given as their parts (image.0, image.1) or as a list.

Where a column says which class a row was of in truth, how right the model's probabilities are is
described, too, which makes estimates of its accuracy better. Of a file with a column split these
are the rows of the split test: rows it was trained on flatter a model.

Examples:
  sluice baseline mine --from train.csv              writes models/mine/<version>/baseline.json
  sluice baseline mine@2 --from train.parquet -o -`;

/** Adds `sluice baseline`. */
export function registerBaseline(program: Command): void {
  const command = program
    .command("baseline <model[@version]>")
    .description("describe the data a model was made from, which drift is measured against")
    .requiredOption("--from <file>", "the rows")
    .option("--actual <column>", "the column of true classes", "actual")
    .option("-o, --out <file>", "where to write, - for standard output (the version's folder)")
    .option("--json", "print JSON")
    .addHelpText("after", examples);
  withModelsFlag(command).action((model: string, flags: BaselineFlags) =>
    conclude(flags, (shell) => makeBaseline(shell, parseModelArgument(model), flags)),
  );
}

async function makeBaseline(
  shell: Shell,
  argument: ModelArgument,
  { from, actual, out }: BaselineFlags,
): Promise<ExitCode> {
  if (from === stdioPath) throw new UsageError("--from: a file is needed, not standard input");
  const place = toPlace(from, undefined, "--from");
  const root = shell.addresses.modelsDir;
  const model = await readWatchedVersion(root, argument);
  const table = await openPlace(place);
  const { features, outputs, missingFeatures, missingOutputs } = findColumns(model, table.columns);
  if (features.length === 0) {
    const names = quoteAll(missingFeatures, 8);
    const problem = `no column of ${from} is one of the features ${names}`;
    throw new Failure("invalid-argument", problem);
  }
  using progress = new Progress(shell.err, { afterMs: progressAfterMs });
  const onProgress = () => progress.update(table.share(), `reading ${from}`);
  const columns = [...features, ...outputs];
  const counts = await countTokens(place, columns, (share, text) => progress.update(share, text));
  const vocabulary = toVocabulary(counts);
  const shares = sharesAmongOthers(counts);
  const { performance } = model;
  const rows = CalibrationRows.open({ performance, outputs, titles: table.columns, actual });
  const onRow = rows && ((row: Row) => rows.add(row));
  const described = await readBaseline(table, { path: from, columns, shares, onProgress, onRow });
  progress[Symbol.dispose]();
  const baseline: Baseline = {
    ...{ ...model.ref, digest: model.digest, rows: described.rows },
    createdAt: new Date().toISOString(),
    features: described.features.slice(0, features.length),
    outputs: described.features.slice(features.length),
    calibration: rows?.calibration(),
    vocabulary: vocabulary && sha256(vocabulary),
  };
  const path = out ?? modelPaths(root, model.ref).baseline;
  if (vocabulary !== undefined) await writeBeside(shell, path, vocabulary);
  await write(shell, path, formatBaseline(baseline));
  const missing = { features: missingFeatures, outputs: missingOutputs };
  tell(shell, { path, baseline, missing });
  return exitCode.done;
}

/** The text of the vocabulary.txt that goes with a baseline; undefined where no text needs one. */
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

async function writeBeside(shell: Shell, baselinePath: string, text: string): Promise<void> {
  if (baselinePath === stdioPath) {
    throw new UsageError("--out -: texts have a vocabulary.txt beside baseline.json, name a file");
  }
  await write(shell, join(dirname(baselinePath), vocabularyFile), text);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function write(shell: Shell, path: string, text: string): Promise<void> {
  if (path === stdioPath) return shell.out.write(text);
  try {
    await writeFile(path, text);
  } catch (error) {
    const problem = `cannot write ${path}: ${messageOf(error)}`;
    throw new Failure("failed-precondition", problem, { cause: error });
  }
}

type Told = {
  readonly path: string;
  readonly baseline: Baseline;
  readonly missing: { readonly features: readonly string[]; readonly outputs: readonly string[] };
};

function tell(shell: Shell, { path, baseline, missing }: Told): void {
  const { model, version, rows, features, outputs, calibration } = baseline;
  const screen = path === stdioPath ? shell.err : shell.out;
  if (shell.isJson) {
    const counts = { rows, features: features.length, outputs: outputs.length };
    const calibrated = { rows: calibration?.rows ?? 0 };
    writeJson(screen, { model, version, path, ...counts, calibrated, missing });
    return;
  }
  const size = [
    formatCount(rows, "row"),
    formatCount(features.length, "feature"),
    formatCount(outputs.length, "output"),
    ...(calibration === undefined ? [] : [`calibrated by ${formatCount(calibration.rows, "row")}`]),
  ];
  screen.write(`${formatRef(baseline)}  ${size.join(", ")}  ${path}\n`);
  for (const [what, names] of Object.entries(missing)) {
    if (names.length > 0) shell.err.write(`not in the file: the ${what} ${quoteAll(names, 8)}\n`);
  }
}
