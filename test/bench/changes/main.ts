/**
 * `npm run bench:changes`: how often the monitor tells of a change of level where there is none,
 * and how soon of one that there is. The same seed gives the same numbers on every machine.
 */
import { parseArgs } from "node:util";
import { formatTable, plain } from "../../../cli/output.ts";
import { delayOf, falseChanges, sources } from "./simulate.ts";

const { values: flags } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    weeks: { type: "string", default: "4" },
  },
});

const messagesPerSecond = 4;
const weekMessages = 7 * 86_400 * messagesPerSecond;
const delayRuns = 400;
const seed = Number(flags.seed);
const weeks = Number(flags.weeks);

const right = { align: "right" } as const;
const still = sources.map((source) => {
  const changes = falseChanges(source, seed, weeks * weekMessages);
  return [source.name, String(changes), (changes / weeks).toFixed(2)];
});
process.stdout.write(
  `${weeks} weeks of ${messagesPerSecond} messages a second without a change, seed ${seed}\n` +
    formatTable(
      [{ title: "SIGNAL" }, { title: "TOLD", ...right }, { title: "A WEEK", ...right }],
      still,
      plain,
    ),
);

const shifts = [0.25, 0.5, 1, 2];
const moved = shifts.flatMap((shift) =>
  [1000, 20_000].map((before) => {
    const delays = Array.from({ length: delayRuns }, (_, run) =>
      delayOf(shift, seed * delayRuns + run, before),
    ).sort((one, other) => one - other);
    const at = (share: number) => {
      const delay = delays[Math.floor(share * (delayRuns - 1))] ?? Number.POSITIVE_INFINITY;
      return Number.isFinite(delay) ? String(delay) : "not";
    };
    return [`${shift} σ`, String(before), at(0.5), at(0.95)];
  }),
);
process.stdout.write(
  `\nmessages until a shift of normal means is told, ${delayRuns} runs\n` +
    formatTable(
      [{ title: "SHIFT" }, ...["AFTER", "MEDIAN", "95 %"].map((title) => ({ title, ...right }))],
      moved,
      plain,
    ),
);
