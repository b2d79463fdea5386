import { spawn } from "node:child_process";
import { Failure } from "#core/failure.ts";

export type CommandOptions = {
  /** This process's own where absent. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly signal: AbortSignal;
};

/** What a command wrote at its end is enough to tell why it failed. */
const outputCharsMax = 1_000_000;

/**
 * Runs a program to its end and returns what it wrote to standard output. A program that is not
 * there, fails or is killed because the signal aborted is a Failure with the last line it wrote to
 * standard error.
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<string> {
  const child = spawn(program, args, {
    cwd: options.folder,
    ...(options.env === undefined ? {} : { env: { ...options.env } }),
    stdio: ["ignore", "pipe", "pipe"],
    signal: options.signal,
    killSignal: "SIGKILL",
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output = (output + text).slice(-outputCharsMax);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-outputCharsMax);
  });
  return await new Promise((resolve, reject) => {
    const fail = (reason: string) =>
      reject(new Failure("unavailable", `${program} ${args[0] ?? ""}: ${reason}`));
    child.once("error", (error) => fail(options.signal.aborted ? "stopped" : error.message));
    child.once("close", (code) => {
      if (code === 0) resolve(output);
      else fail(errors.trim().split("\n").at(-1) || `exit code ${code}`);
    });
  });
}
