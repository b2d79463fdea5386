import { rm } from "node:fs/promises";
import { type Command, Option } from "commander";
import { SluiceClient, SluiceError } from "#client/index.ts";
import { Failure, type FailureCode } from "#core/failure.ts";
import { formatRef } from "#core/model/name.ts";
import { monotonicMs } from "#platform/clock.ts";
import { bindFeatures } from "../bulk/chunk.ts";
import { stdioPath } from "../bulk/format.ts";
import { fingerprintOf } from "../bulk/input-file.ts";
import { type BulkFlags, type Job, keyOf, rowsPerItemDefault, textOf, toJob } from "../bulk/job.ts";
import { namesOf } from "../bulk/output-columns.ts";
import {
  type BulkState,
  finishPart,
  forgetState,
  loadState,
  openPart,
  partPaths,
  StandardOutput,
  saveState,
} from "../bulk/part-file.ts";
import { Rate } from "../bulk/rate.ts";
import { BulkRun } from "../bulk/run.ts";
import { openTable, type Table } from "../bulk/table.ts";
import { Gateway } from "../client.ts";
import { type ExitCode, exitCode, Unreachable } from "../exit-code.ts";
import { formatCount, formatDuration } from "../format.ts";
import {
  findServed,
  type ModelArgument,
  parseModelArgument,
  type ServedModel,
} from "../model-argument.ts";
import { Progress } from "../progress.ts";
import { conclude, onInterrupt, type Shell, withSharedFlags, writeJson } from "../shell.ts";

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
  if (!isToPipe && state === undefined) await forgetState(job.output.path);
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
      onProgress: (rows, share) => {
        const text = rate.describe(rows, share, monotonicMs());
        progress.update(share, `${formatRef(served)}  ${text}`);
      },
    },
  );
  try {
    await player.play();
    await finish(job, { table, player, progress, signal: interrupt.signal });
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
  return report(shell, job, { served, player, state, rate });
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

type Finishing = {
  readonly table: Table;
  readonly player: BulkRun;
  readonly progress: Progress;
  readonly signal: AbortSignal;
};

/** Makes the part the output. Interrupted, it leaves what the same command begins this with. */
async function finish({ output }: Job, { table, player, ...of }: Finishing): Promise<void> {
  if (output.path === stdioPath) return;
  const { part } = partPaths(output.path);
  if (output.format !== "parquet") return await finishPart(output.path, part);
  const { writeParquet } = await import("../bulk/write-parquet.ts");
  const parquet = `${part}.parquet`;
  const { declared } = table;
  let seen = 0;
  await writeParquet({ spool: part, parquet, declared, names: namesOf(player.columns) }, () => {
    of.signal.throwIfAborted();
    seen += 1;
    of.progress.update(seen / (2 * player.rows), `writing ${output.path}`);
  });
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
