import { create } from "@bufbuild/protobuf";
import type { Command } from "commander";
import { quoteAll } from "#core/quote.ts";
import { FeatureReportSchema } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { toFeatureMessage } from "#wire/drift-report.ts";
import { type Place, stdioPath, toPlace } from "../bulk/format.ts";
import { type Compared, compareFiles } from "../drift/compare.ts";
import { readWatchedVersion } from "../drift/model-columns.ts";
import { formatFeatures } from "../drift-view.ts";
import { type ExitCode, exitCode, UsageError } from "../exit-code.ts";
import { parseModelArgument } from "../model-argument.ts";
import { Progress } from "../progress.ts";
import { conclude, type Shell, type ShellFlags, withModelsFlag, writeJson } from "../shell.ts";

type CompareFlags = ShellFlags & {
  readonly baseline: string;
  readonly current: string;
  readonly model?: string;
  readonly bins?: string;
  readonly exitCode?: boolean;
  readonly wide?: boolean;
};

const binsMin = 2;
const binsMax = 1024;
/** Files that are read faster need no bar. */
const progressAfterMs = 2_000;

const examples = `
Both files are compared as the monitor compares a window with its baseline. Files are CSV, JSON
lines or Parquet, by their names. Without --model every column that both have is compared: numbers
as doubles, others as categories.

Examples:
  sluice drift compare --baseline train.csv --current today.parquet
  sluice drift compare --baseline train.csv --current today.csv --model credit --wide
  sluice drift compare --baseline a.csv --current b.csv --bins 20 --json --exit-code`;

/** Adds `sluice drift compare` below `sluice drift`. */
export function registerDriftCompare(drift: Command): void {
  const command = drift
    .command("compare")
    .description("how the rows of one file compare with those of another")
    .requiredOption("--baseline <file>", "the rows to compare with")
    .requiredOption("--current <file>", "the rows to judge")
    .option("--model <model[@version]>", "its features and outputs alone, in its data types")
    .option("--bins <number>", "so many bins of a number, instead of 10 and 64")
    .option("--exit-code", "exit code 5 when drift is found")
    .option("--wide", "all statistics of every feature")
    .option("--json", "print JSON")
    .addHelpText("after", examples);
  withModelsFlag(command).action((flags: CompareFlags) =>
    conclude(flags, (shell) => compare(shell, flags)),
  );
}

async function compare(shell: Shell, flags: CompareFlags): Promise<ExitCode> {
  const [baseline, current] = [
    toFile(flags.baseline, "--baseline"),
    toFile(flags.current, "--current"),
  ];
  const bins = flags.bins === undefined ? undefined : toBins(flags.bins);
  const argument = flags.model === undefined ? undefined : parseModelArgument(flags.model);
  const root = shell.addresses.modelsDir;
  const model = argument === undefined ? undefined : await readWatchedVersion(root, argument);
  using progress = new Progress(shell.err, { afterMs: progressAfterMs });
  const onProgress = (share: number | undefined, text: string) => progress.update(share, text);
  const compared = await compareFiles({ baseline, current, model, bins, onProgress });
  progress[Symbol.dispose]();
  if (shell.isJson) writeJson(shell.out, toPlain(compared));
  else show(shell, compared, flags);
  const isDrift = compared.verdict === "alarm";
  return flags.exitCode === true && isDrift ? exitCode.drift : exitCode.done;
}

function show(shell: Shell, { verdict, features, leftOut }: Compared, flags: CompareFlags): void {
  const { paint } = shell.out;
  if (leftOut.length > 0) shell.err.write(`left out: ${quoteAll(leftOut, 8)}\n`);
  shell.out.write(`${paint("bold", "verdict")}  ${verdict}\n`);
  const messages = features.map((report) => create(FeatureReportSchema, toFeatureMessage(report)));
  const all = { featuresMax: Number.POSITIVE_INFINITY, now: 0, isWide: flags.wide === true };
  shell.out.write(formatFeatures("features", messages, { paint, ...all }));
}

function toPlain({ verdict, features }: Compared) {
  return {
    verdict,
    features: features.map((report) => ({
      name: report.name,
      type: report.type,
      rows: { baseline: report.rowsBaseline, current: report.rowsCurrent },
      verdict: report.verdict,
      quality: report.quality,
      findings: report.findings,
      ...(report.distinct === undefined
        ? {}
        : {
            unseenValues: report.unseenValues ?? [],
            distinct: { current: report.distinct, expected: report.distinctExpected ?? null },
          }),
      statistics: report.statistics.map(({ id, value, threshold, floor, verdict: own }) => ({
        ...{ id, value, threshold: threshold ?? null, floor: floor ?? null, verdict: own },
      })),
    })),
  };
}

function toFile(path: string, flag: string): Place {
  if (path === stdioPath) throw new UsageError(`${flag}: a file is needed, not standard input`);
  return toPlace(path, undefined, flag);
}

function toBins(text: string): number {
  const bins = Number(text);
  if (Number.isInteger(bins) && bins >= binsMin && bins <= binsMax) return bins;
  throw new UsageError(`--bins ${text}: expected a whole number from ${binsMin} to ${binsMax}`);
}
