import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

export type SluiceRun = {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
};

export type SluiceOptions = {
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads from standard input. */
  readonly input?: string;
  /** Sends SIGINT, or what `kill` says, when the signal aborts. */
  readonly signal?: AbortSignal;
  readonly kill?: "SIGINT" | "SIGKILL";
};

const main = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

/** Runs the command line as a process of its own, to its end. */
export async function sluice(
  args: readonly string[],
  options: SluiceOptions = {},
): Promise<SluiceRun> {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, NO_COLOR: "1", ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  options.signal?.addEventListener("abort", () => child.kill(options.kill ?? "SIGINT"), {
    once: true,
  });
  // A command that needs no input may have ended before it is written.
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [code, output, errors] = await Promise.all([
    closed,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, output, errors };
}
