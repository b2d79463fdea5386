/**
 * What every command runs in. A command gets a shell, writes what it has to say to it and gives
 * back its exit code; an error that ends it becomes one line on standard error here, or with --json
 * one line `{"error":{"code","message"}}`, also on standard error, so that standard output holds
 * results alone.
 */
import type { Command } from "commander";
import { Failure } from "#core/failure.ts";
import { type Addresses, findAddresses } from "./addresses.ts";
import { type CliConfig, type LocationFlags, readEnv, toConfig } from "./config.ts";
import { type ExitCode, exitCodeOf } from "./exit-code.ts";
import { colourful, type Paint, plain } from "./output.ts";

export type Shell = {
  readonly config: CliConfig;
  readonly addresses: Addresses;
  readonly isJson: boolean;
  readonly out: Screen;
  /** Standard error: progress and remarks. */
  readonly err: Screen;
};

/** One of the two outputs. */
export type Screen = {
  readonly write: (text: string) => void;
  readonly isTerminal: boolean;
  /** Its width in columns; 100 where it is no terminal. */
  readonly columns: () => number;
  /** Its height in lines; 24 where it is no terminal. */
  readonly rows: () => number;
  readonly paint: Paint;
};

export type ShellFlags = LocationFlags & { readonly json?: boolean };

/** Adds the flags that commands share. */
export function withSharedFlags(command: Command): Command {
  return command
    .option("--server <host:port>", "the gateway (SLUICE_SERVER; default: the running cluster's)")
    .option("--data <folder>", "where the running cluster keeps cluster.json (SLUICE_DATA)")
    .option("--json", "print JSON");
}

/** Adds the flag of commands that ask the monitor. */
export function withMonitorFlag(command: Command): Command {
  return command.option("--monitor <host:port>", "the monitor (default: the running cluster's)");
}

/** Adds the flag of commands that read the model repository. */
export function withModelsFlag(command: Command): Command {
  return command.option("--models <folder>", "the model repository (SLUICE_MODELS)");
}

/** Runs the body of a command; sets the process's exit code and never throws. */
export async function conclude(
  flags: ShellFlags,
  body: (shell: Shell) => Promise<ExitCode>,
): Promise<void> {
  const isJson = flags.json === true;
  try {
    const config = toConfig(flags, readEnv());
    process.exitCode = await body({
      config,
      addresses: await findAddresses(config),
      isJson,
      out: screenOf(process.stdout, config.hasColour),
      err: screenOf(process.stderr, config.hasColour),
    });
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    process.stderr.write(describeError(error, isJson));
  }
}

/** One line, whatever the message holds. */
export function describeError(error: unknown, isJson: boolean): string {
  const failure = Failure.from(error);
  const message = failure.message.trim().replaceAll(/\s*\n\s*/g, " ");
  if (!isJson) return `sluice: ${message}\n`;
  return `${JSON.stringify({ error: { code: failure.code, message } })}\n`;
}

/** The value as JSON, for people and programs alike. */
export function writeJson(screen: Screen, value: unknown): void {
  screen.write(`${JSON.stringify(value, null, screen.isTerminal ? 2 : undefined)}\n`);
}

/** Ctrl-C reaches a process under npx twice: from the terminal, and passed on by npx. */
const sameInterruptMs = 1_000;

/** Aborts at the first SIGINT or SIGTERM; a second after it another one ends the process. */
export function onInterrupt(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const abort = () => {
    if (controller.signal.aborted) return;
    controller.abort();
    setTimeout(release, sameInterruptMs).unref();
  };
  const release = () => {
    process.off("SIGINT", abort);
    process.off("SIGTERM", abort);
  };
  process.on("SIGINT", abort);
  process.on("SIGTERM", abort);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      if (!controller.signal.aborted) release();
    },
  };
}

function screenOf(stream: NodeJS.WriteStream, mayColour: boolean): Screen {
  const isTerminal = stream.isTTY === true;
  return {
    write: (text) => void stream.write(text),
    isTerminal,
    columns: () => (isTerminal ? stream.columns : 0) || 100,
    rows: () => (isTerminal ? stream.rows : 0) || 24,
    paint: isTerminal && mayColour ? colourful : plain,
  };
}
