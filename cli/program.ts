import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { exitCode, UsageError } from "./exit-code.ts";
import { describeError } from "./shell.ts";

const exitCodes = `
Exit codes: 0 done, 1 failed, 2 bad usage, 3 server not reachable, 4 some rows bad, 5 drift found.
With --json, results are JSON on standard output, and an error is
{"error":{"code","message"}} on standard error.`;

type Register = (program: Command) => void;

/**
 * In the order of the help. Each is loaded only when it is wanted: together they take a third of a
 * second.
 */
const commands: Readonly<Record<string, () => Promise<Register>>> = {
  up: async () => (await import("./commands/up.ts")).registerUp,
  predict: async () => (await import("./commands/predict.ts")).registerPredict,
  models: async () => (await import("./commands/models.ts")).registerModels,
  bulk: async () => (await import("./commands/bulk.ts")).registerBulk,
  simulate: async () => (await import("./commands/simulate.ts")).registerSimulate,
  feedback: async () => (await import("./commands/feedback.ts")).registerFeedback,
  drift: async () => (await import("./commands/drift.ts")).registerDrift,
  baseline: async () => (await import("./commands/baseline.ts")).registerBaseline,
  traces: async () => (await import("./commands/traces.ts")).registerTraces,
  check: async () => (await import("./commands/check.ts")).registerCheck,
  bench: async () => (await import("./commands/bench.ts")).registerBench,
};

/**
 * Runs one command line, such as `["predict", "wine"]`. Sets the process's exit code; never throws.
 */
export async function runProgram(args: readonly string[]): Promise<void> {
  const program = new Command("sluice")
    .description("a model-serving cluster: predictions, drift and traces")
    .version(readVersion())
    .addHelpText("after", exitCodes)
    // A command below a command then has flags of the same names to itself.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      outputError: (text, write) =>
        write(describeError(new UsageError(text.replace(/^error: /, "")), args.includes("--json"))),
    });
  const [name = ""] = args;
  const named = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const wanted = named === undefined ? Object.values(commands) : [named];
  for (const register of await Promise.all(wanted.map((load) => load()))) register(program);
  // Whoever reads the output may have seen enough, as `head` has.
  process.stdout.on("error", () => process.exit());
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has said what is wrong; its exit code is 0 only where help was asked for.
    process.exitCode = error.exitCode === 0 ? exitCode.done : exitCode.usage;
  }
}

function readVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(text) as { version: string };
  return version;
}
