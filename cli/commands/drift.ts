import type { Command } from "commander";
import { Failure } from "#core/failure.ts";
import {
  type Report,
  ReportSchema,
  Verdict,
  type Window,
  WindowSchema,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { Monitor } from "../client.ts";
import { formatAlerts } from "../drift/alert-view.ts";
import { formatHistory, type HistoryOptions } from "../drift/history-view.ts";
import { Redraw } from "../drift/redraw.ts";
import { type DriftViewOptions, formatReports, isAlarm, type JudgedReport } from "../drift-view.ts";
import { exitCode } from "../exit-code.ts";
import { type ModelArgument, parseModelArgument } from "../model-argument.ts";
import { toPlain } from "../plain-message.ts";
import {
  conclude,
  onInterrupt,
  type Screen,
  type Shell,
  type ShellFlags,
  withMonitorFlag,
  withSharedFlags,
  writeJson,
} from "../shell.ts";
import { registerDriftCompare } from "./drift-compare.ts";

type DriftFlags = ShellFlags & {
  readonly watch?: boolean;
  readonly history?: boolean;
  readonly exitCode?: boolean;
  readonly all?: boolean;
  readonly wide?: boolean;
  readonly sliding?: boolean;
};

type Modules = { readonly shell: Shell; readonly monitor: Monitor };

/** Listed for each side, of the model that was named or of each of all. */
const featuresMax = { ofOne: 20, ofAll: 5 };
/** All that the monitor keeps, and how many of them are listed, or drawn beside a feature. */
const windowsMax = { kept: 120, listed: 20, drawn: 24 };

const examples = `
A feature is in alarm when its PSI is above both its limit and its floor, which is what chance
alone may bring about with so many rows. Shown is the latest closed window with rows enough for
a verdict; the open one is provisional. Of a model with a sliding window, that one is shown where
the latest window has too few rows.

Examples:
  sluice drift
  sluice drift diabetes --watch
  sluice drift diabetes --history
  sluice drift compare --baseline train.csv --current today.csv
  sluice drift --exit-code --json      exit code 5 when the window shown is in alarm`;

/** Adds `sluice drift`. */
export function registerDrift(program: Command): void {
  const command = program
    .command("drift [model[@version]]")
    .description("how live features and predictions compare with the baseline")
    .option("--watch", "show every report as it comes, in place, until Ctrl-C")
    .option("--history", "closed windows, and how each feature went over them")
    .option("--sliding", "the latest windows together, where model.yaml has monitoring.sliding")
    .option("--exit-code", "exit code 5 when drift is found")
    .option("--all", "list every feature and window")
    .option("--wide", "all statistics of a feature")
    .enablePositionalOptions()
    .addHelpText("after", examples);
  withMonitorFlag(withSharedFlags(command)).action((model: string | undefined, flags: DriftFlags) =>
    conclude(flags, async (shell) => {
      const argument = model === undefined ? undefined : parseModelArgument(model);
      using monitor = new Monitor(shell.addresses.monitor);
      const reports = await drift({ shell, monitor }, argument, flags);
      return flags.exitCode === true && reports.some(isAlarm) ? exitCode.drift : exitCode.done;
    }),
  );
  registerDriftCompare(command);
}

/** Gives back the reports as they were last seen. */
async function drift(
  modules: Modules,
  argument: ModelArgument | undefined,
  flags: DriftFlags,
): Promise<JudgedReport[]> {
  if (flags.watch === true) return await watch(modules, argument, flags);
  const { shell, monitor } = modules;
  const reports = await readReports(monitor, argument);
  const judged = await judgeAll(monitor, reports, { flags, argument });
  if (flags.history === true) {
    await showHistory(modules, reports, { flags, argument });
    return judged;
  }
  if (shell.isJson) writeJson(shell.out, { reports: judged.map(plainReport) });
  else shell.out.write(formatReports(judged, viewOptions(shell, flags, argument)));
  return judged;
}

async function readReports(
  monitor: Monitor,
  argument: ModelArgument | undefined,
): Promise<Report[]> {
  const reports = await monitor.listReports(argument?.model ?? "");
  const asked = reports.filter((report) => isAsked(report, argument));
  if (asked.length === 0 && argument !== undefined) {
    const { model, version } = argument;
    const name = version === undefined ? model : `${model}@${version}`;
    throw new Failure("not-found", `the monitor has seen no prediction of ${name}`);
  }
  return asked;
}

async function judgeAll(
  monitor: Monitor,
  reports: readonly Report[],
  asked: Asked,
): Promise<JudgedReport[]> {
  return await Promise.all(reports.map((report) => judge(monitor, report, asked)));
}

/**
 * The last rows of a run rarely fill a window: what counts then are the latest together, or else
 * the window before.
 */
async function judge(
  monitor: Monitor,
  report: Report,
  { flags, argument }: Asked,
): Promise<JudgedReport> {
  const { model, version, closed, sliding } = report;
  if (flags.sliding === true && argument !== undefined && sliding === undefined) {
    const what = `${model}@${version} has no sliding window`;
    throw new Failure("failed-precondition", `${what}: monitoring.sliding is not in model.yaml`);
  }
  if (closed === undefined) return { report, judged: undefined };
  const of = { model, version };
  const recent = await monitor.listHistory({ ...of, limit: windowsMax.drawn, decidingOnly: true });
  const together = { report, judged: sliding?.window, isSliding: true, recent };
  if (flags.sliding === true && sliding?.window !== undefined) return together;
  if (closed.verdict !== Verdict.INSUFFICIENT) return { report, judged: closed, recent };
  const { verdict = Verdict.INSUFFICIENT } = sliding?.window ?? {};
  if (verdict !== Verdict.INSUFFICIENT) return together;
  const windows = await monitor.listHistory({ ...of, limit: windowsMax.kept });
  const judged = windows.find(({ verdict }) => verdict !== Verdict.INSUFFICIENT);
  return { report, judged, recent };
}

type Asked = { readonly flags: DriftFlags; readonly argument: ModelArgument | undefined };

async function showHistory(
  { shell, monitor }: Modules,
  reports: readonly Report[],
  asked: Asked,
): Promise<void> {
  const { out, isJson } = shell;
  const histories: unknown[] = [];
  for (const [place, report] of reports.entries()) {
    const windows = await readHistory(monitor, report);
    if (isJson) histories.push(plainHistory(report, windows));
    else
      out.write(`${place > 0 ? "\n" : ""}${titled(report, windows, historyOptions(out, asked))}`);
  }
  if (isJson) writeJson(out, { histories });
}

async function readHistory(monitor: Monitor, { model, version }: Report): Promise<Window[]> {
  return await monitor.listHistory({ model, version, limit: windowsMax.kept });
}

/** With what has lasted, which the monitor knows from more windows than it keeps. */
function titled(report: Report, windows: readonly Window[], options: HistoryOptions): string {
  const title = options.paint("bold", `${report.model}@${report.version}`);
  return `${title}\n${formatHistory(windows, options)}${formatAlerts(report, options)}`;
}

/** On a terminal the screen is redrawn; elsewhere, and as JSON, reports follow one another. */
async function watch(
  { shell, monitor }: Modules,
  argument: ModelArgument | undefined,
  flags: DriftFlags,
): Promise<JudgedReport[]> {
  using interrupt = onInterrupt();
  const { isJson, out } = shell;
  const latest = new Map<string, JudgedReport>();
  const texts = new Map<string, string>();
  const redraw = new Redraw(out);
  for await (const report of monitor.watchReports(argument?.model ?? "", interrupt.signal)) {
    if (!isAsked(report, argument)) continue;
    const key = `${report.model}@${report.version}`;
    const judged = await judge(monitor, report, { flags, argument });
    latest.set(key, judged);
    const windows = flags.history === true ? await readHistory(monitor, report) : undefined;
    if (isJson) {
      const plain = windows === undefined ? plainReport(judged) : plainHistory(report, windows);
      out.write(`${JSON.stringify(plain)}\n`);
      continue;
    }
    const history = { ...historyOptions(out, { flags, argument }), windowsMax: 0 };
    const text =
      windows === undefined
        ? formatReports([judged], viewOptions(shell, flags, argument))
        : titled(report, windows, history);
    texts.set(key, text);
    if (out.isTerminal) redraw.show([...texts.values()].join("\n"));
    else out.write(`${text}\n`);
  }
  return [...latest.values()];
}

function historyOptions(out: Screen, { flags, argument }: Asked): HistoryOptions {
  const { ofOne, ofAll } = featuresMax;
  const all = flags.all === true;
  return {
    paint: out.paint,
    now: Date.now(),
    columns: out.columns(),
    featuresMax: all ? Number.POSITIVE_INFINITY : argument === undefined ? ofAll : ofOne,
    windowsMax: all ? Number.POSITIVE_INFINITY : windowsMax.listed,
  };
}

function isAsked(report: Report, argument: ModelArgument | undefined): boolean {
  if (argument === undefined) return true;
  return (
    report.model === argument.model &&
    (argument.version === undefined || report.version === argument.version)
  );
}

function viewOptions(
  { out }: Shell,
  flags: DriftFlags,
  argument: ModelArgument | undefined,
): DriftViewOptions {
  const max = argument === undefined ? featuresMax.ofAll : featuresMax.ofOne;
  return {
    paint: out.paint,
    now: Date.now(),
    featuresMax: flags.all === true ? Number.POSITIVE_INFINITY : max,
    isWide: flags.wide === true,
    columns: out.columns(),
  };
}

/** The report as the monitor gives it, and `judged`: the window the verdict is of. */
function plainReport({ report, judged }: JudgedReport): Record<string, unknown> {
  const plain = toPlain(ReportSchema, report);
  return judged === undefined ? plain : { ...plain, judged: toPlain(WindowSchema, judged) };
}

function plainHistory({ model, version }: Report, windows: readonly Window[]) {
  return { model, version, windows: windows.map((window) => toPlain(WindowSchema, window)) };
}
