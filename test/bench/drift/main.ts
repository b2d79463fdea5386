/**
 * `npm run bench:drift`: how often the monitor raises false alarms, and how often it catches a
 * shift, by window size. The same seed gives the same numbers on every machine.
 */
import { parseArgs } from "node:util";
import { messageOf } from "#core/failure.ts";
import { plain } from "../../../cli/output.ts";
import { Progress } from "../../../cli/progress.ts";
import { type Cell, simulate } from "./simulate.ts";
import { formatTables } from "./tables.ts";

const { values: flags } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    baselines: { type: "string", default: "350" },
    json: { type: "boolean", default: false },
  },
});

const baselineRows = 10_000;
const runs = { still: 20, shifted: 5 };

try {
  await run();
} catch (error) {
  process.exitCode = 2;
  process.stderr.write(`${messageOf(error)}\n`);
}

async function run(): Promise<void> {
  const seed = toInteger("seed", flags.seed);
  const baselines = toInteger("baselines", flags.baselines);
  const windowRows = [100, 200, 500, 1000, 5000];
  const shifts = [0, 0.1, 0.2, 0.3, 0.5, 1];
  const options = { seed, baselines, baselineRows, windowRows, shifts, runs };
  const cells = await simulateShowing(options);
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ ...options, cells })}\n`);
    return;
  }
  const trials = baselines * runs.still * 3;
  const head =
    `seed ${seed}, ${baselines} baselines of ${baselineRows} rows, ${trials} windows without ` +
    "drift for each feature and size (a quarter for 5000 rows), a quarter of that for each " +
    "shift; in brackets the end of the 95 % interval\n";
  process.stdout.write(`${head}\n${formatTables(cells)}`);
}

async function simulateShowing(options: Parameters<typeof simulate>[0]): Promise<Cell[]> {
  using progress = new Progress({
    write: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY === true,
    columns: () => process.stderr.columns ?? 100,
    rows: () => process.stderr.rows ?? 24,
    paint: plain,
  });
  let done = 0;
  let cells: () => Cell[] = () => [];
  for (cells of simulate(options)) {
    done += 1;
    progress.update(done / options.baselines, `${done} of ${options.baselines} baselines`);
  }
  return cells();
}

function toInteger(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value;
  throw new Error(`--${name} must be an integer from 1 to 1000000, not "${text}"`);
}
