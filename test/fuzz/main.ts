/**
 * `npm run fuzz [TARGET …]`: changes valid messages at random, guided by what code they reach, and
 * looks for bytes that bring a reader down, hold it up, or make it say something else than the
 * generated code. Ends by itself; a finding is printed with its bytes, and the exit code is 1.
 */
import { parseArgs } from "node:util";
import { seededDraw } from "#core/random.ts";
import { Coverage } from "./coverage.ts";
import { fuzz } from "./fuzz.ts";
import { targets } from "./targets.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "10" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    list: { type: "boolean", default: false },
  },
});
const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());

if (values.list) {
  process.stdout.write(`${targets.map(({ name }) => name).join("\n")}\n`);
} else {
  await run();
}

async function run(): Promise<void> {
  const unknown = positionals.filter((name) => targets.every((target) => target.name !== name));
  if (unknown.length > 0) {
    process.stderr.write(`no such target: ${unknown.join(", ")} (see --list)\n`);
    process.exitCode = 2;
    return;
  }
  const wanted = targets.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );
  const isOurs = (url: string) => /\/lib\/(wire|core)\//.test(url);
  process.stdout.write(`seed ${values.seed}, ${values.seconds} s for each target\n`);
  for (const target of wanted) {
    await using coverage = await Coverage.start(isOurs);
    const draw = seededDraw(Number(values.seed));
    const ms = Number(values.seconds) * 1000;
    const { runs, kept, finding } = await fuzz(target, coverage, {
      ...{ ms, draw, signal: interrupt.signal },
    });
    const reached = `${coverage.blocks} blocks reached, ${kept} messages kept`;
    process.stdout.write(`${target.name.padEnd(18)} ${runs} runs, ${reached}\n`);
    if (finding === undefined) continue;
    process.exitCode = 1;
    const hex = Buffer.from(finding.bytes).toString("hex");
    process.stdout.write(`  ${finding.problem}\n  ${finding.bytes.byteLength} bytes: ${hex}\n`);
  }
}
