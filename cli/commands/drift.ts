import type { Command } from "commander";
import { Failure } from "#core/failure.ts";
import { type Report, ReportSchema, WindowSchema } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { Monitor } from "../client.ts";
import { type DriftViewOptions, formatHistory, formatReports, isAlarm } from "../drift-view.ts";
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

type DriftFlags = ShellFlags & {
  readonly watch?: boolean;
  readonly history?: boolean;
  readonly exitCode?: boolean;
  readonly all?: boolean;
};

type Modules = { readonly shell: Shell; readonly monitor: Monitor };

const featuresMax = 20;
const windowsMax = 60;

const examples = `
A feature is in alarm when its PSI is above both its limit and its floor, which is what chance alone may
bring about with so many rows. A window is shown once it has closed; the open one is provisional.

Examples:
  sluice drift
  sluice drift diabetes --watch
  sluice drift diabetes --history
  sluice drift --exit-code --json      exit code 5 when a latest closed window is in alarm`;

/** Adds `sluice drift`. */
export function registerDrift(program: Command): void {
  const command = program
    .command("drift [model[@version]]")
    .description("how live features and predictions compare with the baseline")
    .option("--watch", "show every report as it comes, until Ctrl-C")
    .option("--history", "closed windows instead of the latest one, newest first")
    .option("--exit-code", "exit code 5 when drift is found")
    .option("--all", "list every feature of a model that has many")
    .addHelpText("after", examples);
  withMonitorFlag(withSharedFlags(command)).action((model: string | undefined, flags: DriftFlags) =>
    conclude(flags, async (shell) => {
      const argument = model === undefined ? undefined : parseModelArgument(model);
      using monitor = new Monitor(shell.addresses.monitor);
      const reports = await drift({ shell, monitor }, argument, flags);
      return flags.exitCode === true && reports.some(isAlarm) ? exitCode.drift : exitCode.done;
    }),
  );
}

/** Gives back the reports as they were last seen. */
async function drift(
  modules: Modules,
  argument: ModelArgument | undefined,
  flags: DriftFlags,
): Promise<Report[]> {
  if (flags.watch === true) return await watch(modules, argument, flags);
  const reports = await readReports(modules.monitor, argument);
  const { isJson, out } = modules.shell;
  if (flags.history === true) await showHistory(modules, reports, flags);
  else if (isJson) writeJson(out, { reports: reports.map(plainReport) });
  else out.write(formatReports(reports, viewOptions(modules.shell, flags)));
  return reports;
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
    shell.out.write(formatHistory(windows, viewOptions(shell, flags)));
  }
  if (shell.isJson) writeJson(shell.out, { histories });
}

/** On a terminal the screen is redrawn; elsewhere, and as JSON, reports follow one another. */
async function watch(
  { shell, monitor }: Modules,
  argument: ModelArgument | undefined,
  flags: DriftFlags,
): Promise<Report[]> {
  using interrupt = onInterrupt();
  const { isJson, out } = shell;
  const latest = new Map<string, Report>();
  const show = (changed: readonly Report[]) => {
    for (const report of changed) latest.set(`${report.model}@${report.version}`, report);
    if (isJson) {
      for (const report of changed) out.write(`${JSON.stringify(plainReport(report))}\n`);
      return;
    }
    const all = [...latest.values()];
    const text = formatReports(out.isTerminal ? all : changed, viewOptions(shell, flags));
    out.write(out.isTerminal ? `\x1b[H\x1b[2J${text}` : `${text}\n`);
  };
  const first = await monitor.listReports(argument?.model ?? "");
  show(first.filter((report) => isAsked(report, argument)));
  const reports = monitor.watchReports(argument?.model ?? "", interrupt.signal);
  for await (const report of reports) if (isAsked(report, argument)) show([report]);
  return [...latest.values()];
}

function isAsked(report: Report, argument: ModelArgument | undefined): boolean {
  if (argument === undefined) return true;
  return (
    report.model === argument.model &&
    (argument.version === undefined || report.version === argument.version)
  );
}

function viewOptions(shell: Shell, flags: DriftFlags): DriftViewOptions {
  const max = flags.all === true ? Number.POSITIVE_INFINITY : featuresMax;
  return { paint: shell.out.paint, now: Date.now(), featuresMax: max };
}

function plainReport(report: Report): Record<string, unknown> {
  return toPlain(ReportSchema, report);
}
