import type { Command } from "commander";
import { Failure } from "#core/failure.ts";
import {
  type GetTraceResponse,
  GetTraceResponseSchema,
  ListTracesResponseSchema,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { monotonicMs, sleep, wallUs } from "#platform/clock.ts";
import { Monitor } from "../client.ts";
import { type ExitCode, exitCode, UsageError } from "../exit-code.ts";
import { toPlain } from "../plain-message.ts";
import {
  conclude,
  type Shell,
  type ShellFlags,
  withMonitorFlag,
  withSharedFlags,
  writeJson,
} from "../shell.ts";
import { extentOf, hasOrphans } from "../trace-tree.ts";
import { formatTrace, formatTraceList } from "../trace-view.ts";

type TracesFlags = ShellFlags & {
  readonly model?: string;
  readonly failed?: boolean;
  readonly slower?: string;
  readonly limit?: string;
};

/** A trace is looked for this long: the spans of a request come in from several processes. */
const arrivalMsMax = 3_000;
/** No new span for this long: all have come. */
const quietMs = 900;
const pollEveryMs = 150;

const examples = `
Examples:
  sluice traces                   the latest
  sluice traces --failed --model wine
  sluice traces 4bf92f35          one as a tree, by the beginning of its id (8 digits or more)
  sluice traces 0197a5c2-…        the trace of a prediction, by the prediction's id`;

/** Adds `sluice traces`. */
export function registerTraces(program: Command): void {
  const command = program
    .command("traces [id]")
    .description("the latest traces, or one of them as a tree")
    .option("--model <model>", "only traces that touch this model")
    .option("--failed", "only traces in which something failed")
    .option("--slower <milliseconds>", "only traces that took at least this long")
    .option("--limit <number>", "how many traces to list", "20")
    .addHelpText("after", examples);
  withMonitorFlag(withSharedFlags(command)).action((id: string | undefined, flags: TracesFlags) =>
    conclude(flags, (shell) => (id === undefined ? list(shell, flags) : show(shell, id))),
  );
}

async function list(shell: Shell, flags: TracesFlags): Promise<ExitCode> {
  const request = {
    model: flags.model ?? "",
    limit: toInteger("--limit", flags.limit ?? "20", 1),
    failed: flags.failed === true,
    durationMsMin: toInteger("--slower", flags.slower ?? "0"),
  };
  using monitor = new Monitor(shell.addresses.monitor);
  const reply = await monitor.listTraces(request);
  if (shell.isJson) writeJson(shell.out, toPlain(ListTracesResponseSchema, reply));
  else {
    const { paint, write } = shell.out;
    write(formatTraceList(reply.traces, { paint, now: Date.now() }));
  }
  return exitCode.done;
}

async function show(shell: Shell, id: string): Promise<ExitCode> {
  const wanted = id.toLowerCase();
  if (!/^[0-9a-f]{8,32}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(wanted)) {
    throw new UsageError(
      `"${id}" is no trace: expected 8 to 32 hexadecimal digits, or a prediction's id`,
    );
  }
  using monitor = new Monitor(shell.addresses.monitor);
  const trace = await awaitTrace(monitor, wanted);
  if (shell.isJson) writeJson(shell.out, toPlain(GetTraceResponseSchema, trace));
  else {
    const { paint, columns, write } = shell.out;
    write(formatTrace(trace, { paint, columns: columns(), now: Date.now() }));
  }
  return exitCode.done;
}

/** The trace once all its spans have come, or what there is of it when the time is up. */
async function awaitTrace(monitor: Monitor, id: string): Promise<GetTraceResponse> {
  const startMs = monotonicMs();
  let spans = 0;
  let changedMs = startMs;
  for (;;) {
    const trace = await monitor.findTrace(id);
    const now = monotonicMs();
    if (trace !== undefined && trace.spans.length !== spans) {
      spans = trace.spans.length;
      changedMs = now;
    }
    const isOver = now - startMs >= arrivalMsMax;
    if (trace !== undefined) {
      const isQuiet = now - changedMs >= quietMs && !hasOrphans(trace.spans);
      const isOld = wallUs() - extentOf(trace.spans).endUs > arrivalMsMax * 1000;
      if (isOver || isQuiet || isOld) return trace;
    } else if (isOver) {
      const hint = "the monitor keeps the latest, the slow and the failed ones";
      throw new Failure("not-found", `no trace ${id}: ${hint}`);
    }
    await sleep(pollEveryMs);
  }
}

function toInteger(flag: string, text: string, min: number = 0): number {
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
  if (value !== undefined && value >= min) return value;
  throw new UsageError(`${flag} ${text}: expected a whole number from ${min}`);
}
