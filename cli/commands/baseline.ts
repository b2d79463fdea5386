import { dirname, join } from "node:path";
import type { Command } from "commander";
import type { Baseline } from "#core/drift/baseline.ts";
import { formatRef } from "#core/model/name.ts";
import { quoteAll } from "#core/quote.ts";
import { modelPaths, vocabularyFile } from "#platform/model-repository.ts";
import { formatBaseline } from "#wire/baseline.ts";
import { stdioPath } from "../bulk/format.ts";
import { type DescribedRows, describeRows } from "../drift/describe-rows.ts";
import { readWatchedVersion, type WatchedVersion } from "../drift/model-columns.ts";
import { makePeriodBaseline, type PeriodFlags } from "../drift/period-baseline.ts";
import { writeWhole } from "../drift/write-baseline.ts";
import { type ExitCode, exitCode, UsageError } from "../exit-code.ts";
import { formatCount } from "../format.ts";
import { type ModelArgument, parseModelArgument } from "../model-argument.ts";
import { Progress } from "../progress.ts";
import type { Imported } from "../sagemaker/import-baseline.ts";
import { importFiles } from "../sagemaker/import-files.ts";
import { conclude, type Shell, type ShellFlags, withModelsFlag, writeJson } from "../shell.ts";

type BaselineFlags = ShellFlags &
  Omit<PeriodFlags, "since"> & {
    readonly from?: string;
    readonly actual: string;
    readonly fromSagemaker?: string;
    readonly statistics?: string;
    readonly constraints?: string;
    readonly since?: string;
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

SageMaker Model Monitor's baseline does as well: statistics.json tells how values are distributed,
constraints.json what they have to be. The latter alone is added to the rows given, or to the
baseline.json that there is.

A period is read from the predictions that NATS keeps: the rows that the version has answered, each
once. Times are RFC 3339, or durations back from now. A running monitor notices the new file.

Examples:
  sluice baseline mine --from train.csv              writes models/mine/<version>/baseline.json
  sluice baseline mine@2 --from train.parquet -o -
  sluice baseline mine --from-sagemaker baselining/results
  sluice baseline mine --constraints constraints.json
  sluice baseline mine --since 7d
  sluice baseline mine --since 2026-11-25T08:00:00Z --until 2026-11-25T20:00:00Z -o day.json

Exit codes: 1 failed, or nothing in the period, 3 NATS cannot be reached.`;

/** Adds `sluice baseline`. */
export function registerBaseline(program: Command): void {
  const command = program
    .command("baseline <model[@version]>")
    .description("describe what drift is measured against: what a model was made from, or served")
    .option("--from <file>", "the rows")
    .option("--actual <column>", "the column of true classes", "actual")
    .option("--from-sagemaker <folder>", "where statistics.json, constraints.json or both are")
    .option("--statistics <file>", "SageMaker's statistics.json")
    .option("--constraints <file>", "SageMaker's constraints.json")
    .option("--since <time>", "in place of files: what was served from then on")
    .option("--until <time>", "and before then (now)")
    .option("--rows-max <number>", "of more rows a part, drawn by prediction", "1000000")
    .option("--seed <number>", "of that draw", "1")
    .option("--data <folder>", "where the running cluster keeps cluster.json (SLUICE_DATA)")
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
  flags: BaselineFlags,
): Promise<ExitCode> {
  const { since } = flags;
  checkFlags(flags);
  if (since !== undefined) return await makePeriodBaseline(shell, argument, { ...flags, since });
  const { modelsDir } = shell.addresses;
  const model = await readWatchedVersion(modelsDir, argument);
  const path = flags.out ?? modelPaths(modelsDir, model.ref).baseline;
  const made = await makeParts(shell, model, flags);
  const { rows, source, features, outputs, calibration, vocabulary } = made;
  const baseline: Baseline = {
    ...{ ...model.ref, digest: model.digest, rows },
    createdAt: new Date().toISOString(),
    ...{ source, features, outputs, calibration, vocabulary },
  };
  const place = { path, isHome: flags.out === undefined };
  if (made.words !== undefined) await writeBeside(shell, place, made.words);
  await writeWhole(shell, { ...place, text: formatBaseline(baseline) });
  tell(shell, { path, baseline, made });
  return exitCode.done;
}

function checkFlags(flags: BaselineFlags): void {
  const { from, fromSagemaker, statistics, constraints, since } = flags;
  if (from === stdioPath) throw new UsageError("--from: a file is needed, not standard input");
  const sources = [from, fromSagemaker, statistics, since];
  const distributions = sources.filter((each) => each !== undefined);
  if (distributions.length > 1) {
    throw new UsageError("--from, --from-sagemaker, --statistics and --since exclude one another");
  }
  if (since !== undefined && constraints !== undefined) {
    throw new UsageError("--constraints are added by themselves, once --since has made a file");
  }
  if (distributions.length === 0 && constraints === undefined) {
    throw new UsageError(
      "one of --from, --from-sagemaker, --statistics, --constraints and --since is needed",
    );
  }
}

/** What was read; what only rows or only files of SageMaker tell is absent elsewhere. */
type Made = Pick<Imported, "rows" | "features" | "outputs" | "missing"> &
  Partial<Imported & DescribedRows>;

async function makeParts(shell: Shell, model: WatchedVersion, flags: BaselineFlags): Promise<Made> {
  const { from, actual, fromSagemaker: folder, statistics, constraints } = flags;
  using progress = new Progress(shell.err, { afterMs: progressAfterMs });
  const onProgress = progress.update.bind(progress);
  const rows =
    from === undefined ? undefined : await describeRows(model, { path: from, actual, onProgress });
  if (rows !== undefined && constraints === undefined) return rows;
  const paths = { folder, statistics, constraints };
  const imported = await importFiles(model, { paths, root: shell.addresses.modelsDir, rows });
  return { ...imported, ...(rows && { missing: rows.missing, words: rows.words }) };
}

async function writeBeside(
  shell: Shell,
  { path, isHome }: { readonly path: string; readonly isHome: boolean },
  text: string,
): Promise<void> {
  if (path === stdioPath) {
    throw new UsageError("--out -: texts have a vocabulary.txt beside baseline.json, name a file");
  }
  await writeWhole(shell, { path: join(dirname(path), vocabularyFile), isHome, text });
}

type Told = { readonly path: string; readonly baseline: Baseline; readonly made: Made };

function tell(shell: Shell, { path, baseline, made }: Told): void {
  const { model, version, rows, features, outputs, calibration } = baseline;
  const { missing, extra = [], leftOut = [], remarks = [] } = made;
  const screen = path === stdioPath ? shell.err : shell.out;
  const all = [...features, ...outputs];
  const constrained = all.filter(({ constraints }) => constraints !== undefined).length;
  if (shell.isJson) {
    const counts = { rows, features: features.length, outputs: outputs.length, constrained };
    const calibrated = { rows: calibration?.rows ?? 0 };
    const told = { missing, extra, leftOut, remarks };
    writeJson(screen, { model, version, path, ...counts, calibrated, ...told });
    return;
  }
  const size = [
    formatCount(rows, "row"),
    formatCount(features.length, "feature"),
    formatCount(outputs.length, "output"),
    ...(constrained === 0 ? [] : [`${constrained} with constraints`]),
    ...(calibration === undefined ? [] : [`calibrated by ${formatCount(calibration.rows, "row")}`]),
  ];
  screen.write(`${formatRef(baseline)}  ${size.join(", ")}  ${path}\n`);
  const about = (names: readonly string[]) =>
    names.length === 0 ? "" : ` (${quoteAll(names, 8)})`;
  const lines = [
    ...Object.entries(missing).flatMap(([what, names]) =>
      names.length === 0 ? [] : [`not in the file: the ${what} ${quoteAll(names, 8)}`],
    ),
    ...(extra.length === 0 ? [] : [`not of the model: the columns ${quoteAll(extra, 8)}`]),
    ...leftOut.map(({ name, reason }) => `drift not watched: ${name}: ${reason}`),
    ...remarks.map(({ text, names }) => `without equal: ${text}${about(names)}`),
  ];
  for (const line of lines) shell.err.write(`${line}\n`);
}
