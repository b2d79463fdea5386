import { type Command, Option } from "commander";
import { monotonicMs } from "#platform/clock.ts";
import { stdioPath, toPlace } from "../bulk/format.ts";
import { fingerprintOf } from "../bulk/input-file.ts";
import { Rate } from "../bulk/rate.ts";
import { openTable, type Table } from "../bulk/table.ts";
import type { Row } from "../bulk/value.ts";
import { Gateway } from "../client.ts";
import { type ExitCode, exitCode, UsageError } from "../exit-code.ts";
import {
  type FeedbackInit,
  labelColumn,
  targetColumns,
  toFeedback,
} from "../feedback/to-feedback.ts";
import { formatCount } from "../format.ts";
import { parseModelArgument } from "../model-argument.ts";
import { Progress } from "../progress.ts";
import {
  conclude,
  onInterrupt,
  type Shell,
  type ShellFlags,
  withSharedFlags,
  writeJson,
} from "../shell.ts";

type FeedbackFlags = ShellFlags & {
  readonly format?: string;
  readonly id?: string;
  readonly row?: string;
  readonly label?: string;
};

const labelsAtOnce = 1_000;
/** Problems that are told one by one. */
const problemsShown = 10;
const problemsMax = 1_000;

const examples = `
The file has a column prediction_id, request_id or prediction_token (base64), a column label, and
where requests have several rows a column row, counted from 0. A label for a row that has one
replaces it, so that the same file may be sent again.

Examples:
  sluice feedback credit outcomes.csv
  sluice feedback credit - --format jsonl < outcomes.jsonl
  sluice feedback wine --id 01a2156e-a97d-7278-9c95-8a2e9079440a --label class_1

Exit codes: 1 failed or interrupted, 3 no gateway answers, 4 some labels were refused.`;

/** Adds `sluice feedback`. */
export function registerFeedback(program: Command): void {
  const command = program
    .command("feedback <model> [file]")
    .description("tell what came of predictions: a file of labels, or one")
    .addOption(
      new Option("--format <format>", "of the file, where its name does not say").choices([
        "csv",
        "jsonl",
        "parquet",
      ]),
    )
    .option("--id <uuid>", "one prediction, in place of a file")
    .option("--row <number>", "the row of that prediction, from 0", "0")
    .option("--label <label>", "its class or true value")
    .addHelpText("after", examples);
  withSharedFlags(command).action((model: string, file: string | undefined, flags: FeedbackFlags) =>
    conclude(flags, (shell) => feedback(shell, { model, file, flags })),
  );
}

type Asked = {
  readonly model: string;
  readonly file: string | undefined;
  readonly flags: FeedbackFlags;
};

/** What has become of the labels so far. */
type Sent = {
  stored: number;
  refused: number;
  /** By the row of the file, from 1; the first of them. */
  readonly problems: { readonly row: number; readonly message: string }[];
};

async function feedback(shell: Shell, { model, file, flags }: Asked): Promise<ExitCode> {
  const { model: name } = parseModelArgument(model);
  const isOne = flags.id !== undefined || flags.label !== undefined;
  if (isOne === (file !== undefined)) {
    throw new UsageError("say what came of predictions: a FILE, or --id with --label");
  }
  const sent: Sent = { stored: 0, refused: 0, problems: [] };
  using gateway = new Gateway(shell.addresses.server);
  const send = (rows: readonly Row[], first: number) => sendRows(gateway, name, rows, first, sent);
  if (file === undefined) {
    const { id = "", row = "0", label = "" } = flags;
    await send([{ prediction_id: id, row, label }], 1);
  } else await sendFile(shell, { name, file, format: flags.format }, send);
  return report(shell, name, sent);
}

async function sendFile(
  shell: Shell,
  { name, file, format }: { name: string; file: string; format: string | undefined },
  send: (rows: readonly Row[], first: number) => Promise<void>,
): Promise<void> {
  const place = toPlace(file, format, "--format");
  const isPipe = place.path === stdioPath;
  const bytes = isPipe ? undefined : (await fingerprintOf(place.path)).bytes;
  const table = await openTable(place, bytes);
  requireColumns(table, isPipe ? "standard input" : place.path);
  using interrupt = onInterrupt();
  using progress = new Progress(shell.err);
  const rate = new Rate(monotonicMs(), 0);
  let first = 1;
  for await (const rows of inPortions(table)) {
    interrupt.signal.throwIfAborted();
    await send(rows, first);
    first += rows.length;
    const share = table.share();
    const text = rate.describe(first - 1, share, monotonicMs());
    progress.update(share, `${name}  ${text}`);
  }
}

/** Rows as many as a call takes. */
async function* inPortions(table: Table): AsyncGenerator<Row[]> {
  let portion: Row[] = [];
  for await (const rows of table.rows(0)) {
    for (const row of rows) {
      portion.push(row);
      if (portion.length < labelsAtOnce) continue;
      yield portion;
      portion = [];
    }
  }
  if (portion.length > 0) yield portion;
}

function requireColumns({ columns }: Table, where: string): void {
  const hasTarget = targetColumns.some((name) => columns.includes(name));
  if (hasTarget && columns.includes(labelColumn)) return;
  const wanted = `${targetColumns.join(" or ")}, and ${labelColumn}`;
  throw new UsageError(`${where} has no labels: expected columns ${wanted}`);
}

/** `first` is the number of the first row in its file. */
async function sendRows(
  gateway: Gateway,
  model: string,
  rows: readonly Row[],
  first: number,
  sent: Sent,
): Promise<void> {
  const labels: FeedbackInit[] = [];
  const numbers: number[] = [];
  const refuse = (row: number, message: string) => {
    sent.refused += 1;
    if (sent.problems.length < problemsMax) sent.problems.push({ row, message });
  };
  for (const [place, cells] of rows.entries()) {
    const label = toFeedback(cells);
    if (typeof label === "string") refuse(first + place, label);
    else {
      labels.push(label);
      numbers.push(first + place);
    }
  }
  if (labels.length === 0) return;
  const { accepted, failures } = await gateway.sendFeedback(model, labels);
  sent.stored += accepted;
  for (const { place, message } of failures) refuse(numbers[place] ?? 0, message);
}

function report(shell: Shell, model: string, { stored, refused, problems }: Sent): ExitCode {
  problems.sort((one, other) => one.row - other.row);
  if (shell.isJson) writeJson(shell.out, { model, stored, refused, problems });
  else {
    const { out, err } = shell;
    const rest = refused === 0 ? "" : `, ${refused} refused`;
    out.write(`${out.paint("bold", model)}  ${formatCount(stored, "label")} stored${rest}\n`);
    for (const { row, message } of problems.slice(0, problemsShown)) {
      err.write(`row ${row}: ${message}\n`);
    }
    const more = refused - Math.min(refused, problemsShown);
    if (more > 0) err.write(`and ${more} more\n`);
  }
  return refused > 0 ? exitCode.someRowsBad : exitCode.done;
}
