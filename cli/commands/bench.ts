import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Command, InvalidArgumentError } from "commander";
import { Failure } from "#core/failure.ts";
import { type ExitCode, exitCode } from "../exit-code.ts";
import { conclude } from "../shell.ts";

const examples = `
It starts what it measures on this machine, on free ports, and takes about fifteen minutes. The
machine should have nothing else to do.

Examples:
  sluice bench --list
  sluice bench --json figures.json
  sluice bench unary_vs_echo --profile profiles
  sluice bench unary_vs_echo batching_gain --pairs 9 --seconds 2`;

/** The benchmark is test code, which the command line starts and does not import. */
const program = fileURLToPath(new URL("../../test/bench/main.ts", import.meta.url));

type Flags = {
  readonly json?: string;
  readonly pairs: number;
  readonly seconds: number;
  readonly profile?: string;
  readonly list?: boolean;
};

/** Adds `sluice bench`. */
export function registerBench(parent: Command): void {
  parent
    .command("bench [figures...]")
    .description("measures this machine's figures against their goals")
    .option("--json <file>", "write the figures there, too")
    .option("--pairs <count>", "how often each side is measured", toCount, 5)
    .option("--seconds <seconds>", "how long each time", toSeconds, 2)
    .option("--profile <folder>", "profile the processes into this folder, and say where time went")
    .option("--list", "say what there is to measure")
    .addHelpText("after", examples)
    .action((figures: readonly string[], flags: Flags) =>
      conclude({}, async () => await bench(figures, flags)),
    );
}

async function bench(figures: readonly string[], flags: Flags): Promise<ExitCode> {
  const isThere = await stat(program).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    throw new Failure("failed-precondition", "the benchmark is part of a checkout of the sources");
  }
  const { json, pairs, seconds, profile, list = false } = flags;
  const args = [
    ...(json === undefined ? [] : ["--json", json]),
    ...["--pairs", String(pairs), "--seconds", String(seconds)],
    ...(profile === undefined ? [] : ["--profile", profile]),
    ...(list ? ["--list"] : []),
    ...["--", ...figures],
  ];
  const child = spawn(process.execPath, [program, ...args], { stdio: "inherit" });
  // A terminal's Ctrl-C reaches both; what is sent to this process alone is passed on.
  const pass = () => void child.kill("SIGTERM");
  const wait = () => {};
  process.on("SIGTERM", pass).on("SIGINT", wait);
  const [code] = await once(child, "close");
  process.off("SIGTERM", pass).off("SIGINT", wait);
  return code === 0 ? exitCode.done : code === exitCode.usage ? exitCode.usage : exitCode.failed;
}

function toCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 100) return count;
  throw new InvalidArgumentError("expected an integer from 1 to 100");
}

function toSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds >= 0.05 && seconds <= 600) return seconds;
  throw new InvalidArgumentError("expected 0.05 to 600 seconds");
}
