import type { Command } from "commander";
import { Failure } from "#core/failure.ts";
import {
  type Report,
  ReportSchema,
  Verdict,
  WindowSchema,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { Monitor } from "../client.ts";
import {
  type DriftViewOptions,
  formatHistory,
  formatReports,
  isAlarm,
  type JudgedReport,
} from "../drift-view.ts";
import { exitCode } from "../exit-code.ts";
import { type ModelArgument, parseModelArgument } from "../model-argument.ts";
import { toPlain } from "../plain-message.ts";
import {
  conclude,
  onInterrupt,
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
};

type Modules = { readonly shell: Shell; readonly monitor: Monitor };

/** Listed for each side, of the model that was named or of each of all. */
const featuresMax = { ofOne: 20, ofAll: 5 };
const windowsMax = 60;

const examples = `
A feature is in alarm when its PSI is above both its limit and its floor, which is what chance
alone may bring about with so many rows. Shown is the latest closed window with rows enough for
a verdict; the open one is provisional.

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
    .option("--watch", "show every report as it comes, until Ctrl-C")
    .option("--history", "closed windows instead of the latest one, newest first")
    .option("--exit-code", "exit code 5 when drift is found")
    .option("--all", "list every feature of a model that has many")
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
  if (flags.history === true) await showHistory(modules, reports, flags);
  const judged = await Promise.all(reports.map((report) => judge(monitor, report)));
  if (flags.history === true) return judged;
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

/** The last rows of a run rarely fill a window: what counts then is the window before. */
async function judge(monitor: Monitor, report: Report): Promise<JudgedReport> {
  const { model, version, closed } = report;
  if (closed === undefined || closed.verdict !== Verdict.INSUFFICIENT) {
    return { report, judged: closed };
  }
  const windows = await monitor.listHistory({ model, version, limit: windowsMax });
  return { report, judged: windows.find(({ verdict }) => verdict !== Verdict.INSUFFICIENT) };
}

async function showHistory(
  { shell, monitor }: Modules,
  reports: readonly Report[],
  flags: DriftFlags,
): Promise<void> {
  const histories: unknown[] = [];
  for (const { model, version } of reports) {
    const windows = await monitor.listHistory({ model, version, limit: windowsMax });
    const plain = windows.map((window) => toPlain(WindowSchema, window));
    histories.push({ model, version, windows: plain });
    if (shell.isJson) continue;
    shell.out.write(`${shell.out.paint("bold", `${model}@${version}`)}\n`);
    shell.out.write(formatHistory(windows, viewOptions(shell, flags, undefined)));
  }
  if (shell.isJson) writeJson(shell.out, { histories });
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
  const show = async (reports: readonly Report[]) => {
    const changed = await Promise.all(reports.map((report) => judge(monitor, report)));
    for (const each of changed) latest.set(`${each.report.model}@${each.report.version}`, each);
    if (isJson) {
      for (const each of changed) out.write(`${JSON.stringify(plainReport(each))}\n`);
      return;
    }
    const all = [...latest.values()];
    const text = formatReports(out.isTerminal ? all : changed, viewOptions(shell, flags, argument));
    out.write(out.isTerminal ? `\x1b[H\x1b[2J${text}` : `${text}\n`);
  };
  const first = await monitor.listReports(argument?.model ?? "");
  await show(first.filter((report) => isAsked(report, argument)));
  const reports = monitor.watchReports(argument?.model ?? "", interrupt.signal);
  for await (const report of reports) if (isAsked(report, argument)) await show([report]);
  return [...latest.values()];
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
  };
}

/** The report as the monitor gives it, and `judged`: the window the verdict is of. */
function plainReport({ report, judged }: JudgedReport): Record<string, unknown> {
  const plain = toPlain(ReportSchema, report);
  return judged === undefined ? plain : { ...plain, judged: toPlain(WindowSchema, judged) };
}
