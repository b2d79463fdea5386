import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { SluiceClient, SluiceError } from "#client/index.ts";
import { Failure, type FailureCode } from "#core/failure.ts";
import { formatRef } from "#core/model/name.ts";
import { monotonicMs } from "#platform/clock.ts";
import { bindFeatures } from "../bulk/chunk.ts";
import { type Format, outputBeside, type Place, stdioPath, toPlace } from "../bulk/format.ts";
import { type Fingerprint, fingerprintOf } from "../bulk/input-file.ts";
import { namesOf } from "../bulk/output-columns.ts";
import {
  type BulkState,
  finishPart,
  loadState,
  openPart,
  partPaths,
  type RunKey,
  StandardOutput,
  saveState,
} from "../bulk/part-file.ts";
import { Rate } from "../bulk/rate.ts";
import { BulkRun } from "../bulk/run.ts";
import { spoolText } from "../bulk/spool.ts";
import { openTable, type Table } from "../bulk/table.ts";
import { csvText, jsonlText, type TextFormat } from "../bulk/write-text.ts";
import { Gateway } from "../client.ts";
import { type ExitCode, exitCode, Unreachable, UsageError } from "../exit-code.ts";
import { formatCount, formatDuration } from "../format.ts";
import {
  findServed,
  type ModelArgument,
  parseModelArgument,
  type ServedModel,
} from "../model-argument.ts";
import { Progress } from "../progress.ts";
import {
  conclude,
  onInterrupt,
  type Shell,
  type ShellFlags,
  withSharedFlags,
  writeJson,
} from "../shell.ts";

type BulkFlags = ShellFlags & {
  readonly output?: string;
  readonly format?: Format;
  readonly outputFormat?: Format;
  readonly rowsPerItem: string;
  readonly onlyPredictions?: boolean;
  readonly restart?: boolean;
};

const rowsPerItemDefault = 512;
const rowsPerItemMax = 65_536;

const examples = `
Columns are features by their titles; others are kept and not sent. An empty cell is a missing
value. Rows are written in the order of the input, with the predictions and a column \`error\` that
says why a row has none.

While it runs, the output is FILE.part, and FILE.part.json says how far it is. Interrupted, by
Ctrl-C or worse, the same command goes on where it was. Standard input cannot be gone on with.

Examples:
  sluice bulk credit applicants.csv
  sluice bulk credit@1 applicants.parquet -o predictions.parquet --only-predictions
  zcat applicants.jsonl.gz | sluice bulk credit - --format jsonl -o predictions.csv

Exit codes: 1 failed or interrupted, 3 no gateway answers, 4 some rows have no prediction.`;

/** Adds `sluice bulk`. */
export function registerBulk(program: Command): void {
  const kinds = ["csv", "jsonl", "parquet"];
  const command = program
    .command("bulk <model[@version]> <file>")
    .description("predict all rows of a CSV, JSON lines or Parquet file; - is standard input")
    .option("-o, --output <file>", "where to write (default: beside the input); - is stdout")
    .addOption(
      new Option("--format <format>", "of the input, where its name does not say").choices(kinds),
    )
    .addOption(new Option("--output-format <format>", "of the output").choices(kinds))
    .option("--rows-per-item <number>", "rows sent at a time", String(rowsPerItemDefault))
    .option("--only-predictions", "leave out the columns of the input")
    .option("--restart", "begin anew where an interrupted run could be gone on with")
    .addHelpText("after", examples);
  withSharedFlags(command).action((model: string, file: string, flags: BulkFlags) =>
    conclude(flags, (shell) => bulk(shell, { model, file, flags })),
  );
}

type Asked = { readonly model: string; readonly file: string; readonly flags: BulkFlags };

type Job = {
  readonly input: Place;
  readonly output: Place;
  readonly rowsPerItem: number;
  readonly isKept: boolean;
};

async function bulk(shell: Shell, { model, file, flags }: Asked): Promise<ExitCode> {
  const argument = parseModelArgument(model);
  const job = toJob(file, flags, shell.isJson);
  const isPipe = job.input.path === stdioPath;
  const fingerprint = isPipe ? undefined : await fingerprintOf(job.input.path);
  const table = await openTable(job.input, fingerprint?.bytes);
  const { served, digest } = await findModel(shell, argument);
  const features = bindFeatures(served, table.columns, isPipe ? "the input" : job.input.path);
  const run = keyOf(job, { served, digest, fingerprint });
  const isResumable = !isPipe && job.output.path !== stdioPath;
  const state = isResumable && !flags.restart ? await loadState(job.output.path, run) : undefined;
  using interrupt = onInterrupt();
  using progress = new Progress(shell.err);
  await using client = new SluiceClient(shell.addresses.server);
  const rate = new Rate(monotonicMs(), state?.rows ?? 0);
  const { part, state: statePath } = partPaths(job.output.path);
  const isTyped = table.isText && job.output.format !== "csv";
  const isToPipe = job.output.path === stdioPath;
  await using sink = isToPipe ? new StandardOutput() : await openPart(part, state?.bytes ?? 0);
  const { rowsPerItem, isKept } = job;
  const player = new BulkRun(
    { features, isTyped, run, rowsPerItem, isKept, state },
    {
      table,
      sink,
      text: textOf(job.output.format),
      open: (items, resume) => {
        const { model: name, version } = served;
        const { signal } = interrupt;
        const more = resume === undefined ? {} : { resume };
        return client.bulk({ model: name, version, signal, ...more }, items);
      },
      save: async (now) => {
        if (isResumable) await saveState(statePath, now);
      },
      onProgress: (rows) => {
        const text = rate.describe(rows, table.share(), monotonicMs());
        progress.update(table.share(), `${formatRef(served)}  ${text}`);
      },
    },
  );
  try {
    await player.play();
  } catch (error) {
    if (!isToPipe && player.rows === 0) await rm(part, { force: true });
    throw explain(error, {
      shell,
      job,
      player,
      isResumable,
      isInterrupted: interrupt.signal.aborted,
    });
  }
  progress[Symbol.dispose]();
  await finish(job, { table, player });
  return report(shell, job, { served, player, state, rate });
}

function toJob(file: string, flags: BulkFlags, isJson: boolean): Job {
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

async function findModel(
  shell: Shell,
  argument: ModelArgument,
): Promise<{ readonly served: ServedModel; readonly digest: string }> {
  using gateway = new Gateway(shell.addresses.server);
  const served = await findServed(gateway, argument);
  const versions = await gateway.listModels(served.model);
  const digest = versions.find(({ version }) => version === served.version)?.digest ?? "";
  return { served, digest };
}

function keyOf(
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

function textOf(format: Format): TextFormat {
  if (format === "csv") return csvText;
  return format === "jsonl" ? jsonlText : spoolText;
}

async function finish(
  { output }: Job,
  { table, player }: { readonly table: Table; readonly player: BulkRun },
): Promise<void> {
  if (output.path === stdioPath) return;
  const { part } = partPaths(output.path);
  if (output.format !== "parquet") return await finishPart(output.path, part);
  const { writeParquet } = await import("../bulk/write-parquet.ts");
  const parquet = `${part}.parquet`;
  await writeParquet({ spool: part, parquet }, table.declared, namesOf(player.columns));
  await finishPart(output.path, parquet);
  await rm(part);
}

type Ending = {
  readonly shell: Shell;
  readonly job: Job;
  readonly player: BulkRun;
  readonly isResumable: boolean;
  readonly isInterrupted: boolean;
};

/** What ended the run early, with what is to be done about it. */
function explain(error: unknown, ending: Ending): Failure {
  const { shell, job, player, isResumable, isInterrupted } = ending;
  const done = formatCount(player.rows, "row");
  const part = partPaths(job.output.path).part;
  const rest =
    isResumable && player.rows > 0 ? `: ${done} in ${part}; the same command goes on` : "";
  if (isInterrupted) return new Failure("cancelled", `interrupted after ${done}${rest}`);
  if (!(error instanceof SluiceError)) return Failure.from(error);
  const message = `${error.message}${rest}`;
  if (error.code === "unavailable") {
    return new Unreachable(`no gateway answers at ${shell.addresses.server}: ${message}`, error);
  }
  return new Failure(toFailureCode(error.code), message, { cause: error });
}

const failureCodes: ReadonlySet<string> = new Set<FailureCode>([
  "invalid-argument",
  "not-found",
  "failed-precondition",
  "resource-exhausted",
  "deadline-exceeded",
  "cancelled",
  "unimplemented",
]);

function toFailureCode(code: string): FailureCode {
  return failureCodes.has(code) ? (code as FailureCode) : "internal";
}

function report(
  shell: Shell,
  { output }: Job,
  of: {
    readonly served: ServedModel;
    readonly player: BulkRun;
    readonly state: BulkState | undefined;
    readonly rate: Rate;
  },
): ExitCode {
  const { rows, rowsFailed } = of.player;
  const elapsedMs = of.rate.elapsedMs(monotonicMs());
  const rowsResumed = of.state?.rows ?? 0;
  if (shell.isJson) {
    const { model, version } = of.served;
    const seconds = elapsedMs / 1_000;
    const counts = { rows, rowsFailed, rowsResumed, seconds };
    writeJson(shell.out, { model, version, output: output.path, ...counts });
  } else {
    const screen = output.path === stdioPath ? shell.err : shell.out;
    const where = output.path === stdioPath ? "" : `  ${output.path}`;
    const failed = rowsFailed === 0 ? "" : `, ${rowsFailed} without a prediction`;
    const resumed = rowsResumed === 0 ? "" : `, ${rowsResumed} of them before`;
    const took = formatDuration(elapsedMs * 1_000);
    const counts = `${formatCount(rows, "row")} in ${took}${resumed}${failed}`;
    screen.write(`${formatRef(of.served)}  ${counts}${where}\n`);
  }
  return rowsFailed > 0 ? exitCode.someRowsBad : exitCode.done;
}
