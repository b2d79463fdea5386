/** The benchmark as a program; `sluice bench` starts it. */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { Failure, messageOf } from "#core/failure.ts";
import { exitCode } from "../../cli/exit-code.ts";
import { colourful, plain } from "../../cli/output.ts";
import { Progress } from "../../cli/progress.ts";
import type { Screen } from "../../cli/shell.ts";
import type { Figure, Measured } from "./figure.ts";
import { peerFigures } from "./figures/vs-peers.ts";
import { figures } from "./figures.ts";
import { describeMachine } from "./machine.ts";
import { formatProfile, profilingEnv, readProfiles } from "./profile.ts";
import { type FigureOutcome, formatMachine, formatOutcome, reportOf } from "./report.ts";
import { Workbench } from "./workbench.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "string" },
    pairs: { type: "string", default: "5" },
    seconds: { type: "string", default: "0.8" },
    profile: { type: "string" },
    list: { type: "boolean", default: false },
  },
});

const known = [...figures, ...peerFigures];
/** Of each thread's profile. */
const functionsShown = 25;

const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => interrupt.abort(new Failure("cancelled", "interrupted")));
}
// Whoever reads the output may have seen enough, as `head` has.
process.stdout.on("error", () => process.exit());
const out = screenOf(process.stdout);
const err = screenOf(process.stderr);

try {
  if (flags.list) list();
  else await bench(chosen(positionals));
} catch (error) {
  const isUsage = error instanceof Failure && error.code === "invalid-argument";
  process.exitCode = isUsage ? exitCode.usage : exitCode.failed;
  err.write(`sluice: ${messageOf(error)}\n`);
}

function list(): void {
  for (const { name, better, goal, unit, about } of known) {
    const sign = better === "higher" ? "≥" : "≤";
    out.write(`${out.paint("bold", name.padEnd(26))} ${sign} ${goal} ${unit}\n    ${about}\n`);
  }
}

async function bench(wanted: readonly Figure[]): Promise<void> {
  const machine = await describeMachine();
  out.write(`${formatMachine(machine)}\n`);
  const outcomes: FigureOutcome[] = [];
  {
    using progress = new Progress(err);
    await using workbench = new Workbench({
      pairs: Number(flags.pairs),
      seconds: Number(flags.seconds),
      signal: interrupt.signal,
      env: flags.profile === undefined ? {} : await profilingEnv(flags.profile),
      onProgress: (text) => progress.update(outcomes.length / wanted.length, text),
    });
    for (const figure of wanted) {
      const outcome = reportOf(figure, await measure(figure, workbench));
      outcomes.push(outcome);
      progress[Symbol.dispose]();
      out.write(formatOutcome(outcome, out.paint));
    }
  }
  if (flags.profile !== undefined) {
    for (const profile of await readProfiles(flags.profile)) {
      out.write(`\n${formatProfile(profile, functionsShown)}`);
    }
  }
  const report = { machine, figures: outcomes.map((outcome) => outcome.report) };
  if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(report, null, 2)}\n`);
}

/** A figure that fails says why in place of its number; the others are still measured. */
async function measure(figure: Figure, workbench: Workbench): Promise<Measured> {
  try {
    return await figure.measure(workbench);
  } catch (error) {
    interrupt.signal.throwIfAborted();
    process.exitCode = 1;
    return { kind: "not-measurable", reason: `failed: ${messageOf(error)}` };
  }
}

function chosen(names: readonly string[]): readonly Figure[] {
  const unknown = names.filter((name) => !known.some((figure) => figure.name === name));
  if (unknown.length > 0) {
    throw new Failure("invalid-argument", `no such figure: ${unknown.join(", ")} (see --list)`);
  }
  return names.length === 0 ? figures : known.filter(({ name }) => names.includes(name));
}

function screenOf(stream: NodeJS.WriteStream): Screen {
  const isTerminal = stream.isTTY === true;
  return {
    write: (text) => void stream.write(text),
    isTerminal,
    columns: () => (isTerminal ? stream.columns : 0) || 100,
    rows: () => (isTerminal ? stream.rows : 0) || 24,
    paint: isTerminal && process.env["NO_COLOR"] === undefined ? colourful : plain,
  };
}
