import { readFile } from "node:fs/promises";
import { create } from "@bufbuild/protobuf";
import { type Command, Option } from "commander";
import type { Baseline } from "#core/drift/baseline.ts";
import { Failure } from "#core/failure.ts";
import { formatRef } from "#core/model/name.ts";
import { seededDraw } from "#core/random.ts";
import { PredictRequestSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import { monotonicMs } from "#platform/clock.ts";
import { modelPaths } from "#platform/model-repository.ts";
import { parseBaseline } from "#wire/baseline.ts";
import { type Row, toColumns } from "../cells.ts";
import { Gateway } from "../client.ts";
import { readExamples } from "../examples.ts";
import { type ExitCode, exitCode, UsageError } from "../exit-code.ts";
import { formatCount } from "../format.ts";
import { findServed, parseModelArgument, type ServedModel } from "../model-argument.ts";
import { Progress } from "../progress.ts";
import {
  conclude,
  onInterrupt,
  type Shell,
  type ShellFlags,
  withModelsFlag,
  withSharedFlags,
  writeJson,
} from "../shell.ts";
import { durationMs, type Pace, rowsPerSecondMax } from "../simulate/pace.ts";
import { shuffledPasses } from "../simulate/passes.ts";
import { play } from "../simulate/play.ts";
import { parseShifts, shifter } from "../simulate/shift.ts";
import type { Tally } from "../simulate/tally.ts";

type SimulateFlags = ShellFlags & {
  readonly rate: string;
  readonly seconds?: string;
  readonly rows?: string;
  readonly shift: readonly string[];
  readonly seed: string;
};

const secondsDefault = 60;
const deadlineMs = 10_000;
/** Examples are held in memory to be shuffled. */
const cellsMax = 20_000_000;

const examples = `
Rows are those of examples.csv, in seeded shuffled passes that have every row once. A shift is
feature=CHANGE:
  +1sd -0.5sd   standard deviations, of the model's baseline.json
  +5 -5         a number more or less
  x2            times a number
  =rent         always this value (bmi==0.1, home==rent)

Examples:
  sluice simulate wine
  sluice simulate diabetes --rate 200 --seconds 90 --shift bmi=+1sd
  sluice simulate credit --rows 2000 --rate 400 --shift home==rent --shift income=x0.8

Exit codes: 1 nothing was answered, 3 no gateway answers, 4 some rows failed.
Ctrl-C ends the run early.`;

/** Adds `sluice simulate`. */
export function registerSimulate(program: Command): void {
  const command = program
    .command("simulate <model[@version]>")
    .description("play a model's examples as live traffic, shifted if you like")
    .option("--rate <rows>", "rows a second", "50")
    .option(
      "--seconds <seconds>",
      `how long (default: ${secondsDefault}, or as long as --rows takes)`,
    )
    .option("--rows <number>", "how many rows at most")
    .addOption(
      new Option("--shift <feature=change>", "change a feature; may be repeated")
        .argParser(append)
        .default([], "none"),
    )
    .option("--seed <number>", "another seed plays other orders", "1")
    .addHelpText("after", examples);
  withModelsFlag(withSharedFlags(command)).action((model: string, flags: SimulateFlags) =>
    conclude(flags, (shell) => simulate(shell, model, flags)),
  );
}

async function simulate(shell: Shell, name: string, flags: SimulateFlags): Promise<ExitCode> {
  const argument = parseModelArgument(name);
  const pace = toPace(flags);
  const draw = seededDraw(toWhole("--seed", flags.seed, { min: 0, max: 2 ** 32 - 1 }));
  using gateway = new Gateway(shell.addresses.server);
  const served = await findServed(gateway, argument);
  const { features } = served.description;
  const shifts = parseShifts(features, flags.shift);
  const paths = modelPaths(shell.addresses.modelsDir, served);
  const shift = shifter(features, shifts, await readBaseline(paths.baseline));
  const rows = (await readRows(paths.examples, served)).map(shift);
  using interrupt = onInterrupt();
  using progress = new Progress(shell.err);
  const startMs = monotonicMs();
  const tally = await play(
    { pace, signal: interrupt.signal },
    {
      rows: shuffledPasses(rows, draw),
      predict: async (batch, signal) => {
        const columns = toColumns(features, batch);
        const version = String(served.version);
        const request = create(PredictRequestSchema, { model: served.model, version, columns });
        await gateway.predict(request, { deadlineMs, signal });
      },
      onProgress: (sent) => {
        const text = `${formatRef(served)}  ${formatCount(sent, "row")} sent`;
        progress.update((monotonicMs() - startMs) / durationMs(pace), text);
      },
    },
  );
  progress[Symbol.dispose]();
  const run = {
    model: served.model,
    version: served.version,
    elapsedMs: monotonicMs() - startMs,
    rowsTotal: pace.rowsTotal,
    isInterrupted: interrupt.signal.aborted,
  };
  if (shell.isJson) writeJson(shell.out, tally.toPlain(run));
  else shell.out.write(tally.format(run, shell.out.paint));
  return codeOf(tally, run.isInterrupted);
}

function codeOf(tally: Tally, isInterrupted: boolean): ExitCode {
  if (tally.rowsFailed > 0) {
    return tally.rowsAnswered === 0 ? exitCode.failed : exitCode.someRowsBad;
  }
  return tally.rowsAnswered > 0 || isInterrupted ? exitCode.done : exitCode.failed;
}

function toPace(flags: SimulateFlags): Pace {
  const rowsPerSecond = toNumber("--rate", flags.rate, { min: 0.001, max: rowsPerSecondMax });
  const rows =
    flags.rows === undefined ? undefined : toWhole("--rows", flags.rows, { min: 1, max: 1e12 });
  const secondsText = flags.seconds ?? (rows === undefined ? String(secondsDefault) : undefined);
  const seconds =
    secondsText === undefined
      ? Number.POSITIVE_INFINITY
      : toNumber("--seconds", secondsText, { min: 0.001, max: 1e9 });
  const inTime = Math.max(1, Math.round(rowsPerSecond * seconds));
  return { rowsPerSecond, rowsTotal: Math.floor(Math.min(rows ?? inTime, inTime)) };
}

type Range = { readonly min: number; readonly max: number };

function toWhole(flag: string, text: string, range: Range): number {
  const value = toNumber(flag, text, range);
  if (Number.isInteger(value)) return value;
  throw new UsageError(`${flag} ${text}: expected a whole number`);
}

function toNumber(flag: string, text: string, range: Range): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= range.min && value <= range.max) return value;
  throw new UsageError(`${flag} ${text}: expected a number from ${range.min} to ${range.max}`);
}

async function readRows(path: string, served: ServedModel): Promise<Row[]> {
  const rows: Row[] = [];
  const rowsMax = Math.floor(cellsMax / Math.max(1, served.description.features.length));
  for await (const { row } of readExamples(path, served)) {
    rows.push(row);
    if (rows.length >= rowsMax) break;
  }
  if (rows.length === 0) throw new Failure("failed-precondition", `${path} has no rows`);
  return rows;
}

/** Undefined where there is none; only a shift by deviations needs it. */
async function readBaseline(path: string): Promise<Baseline | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  return text === undefined ? undefined : parseBaseline(text);
}

function append(text: string, texts: readonly string[]): readonly string[] {
  return [...texts, text];
}
