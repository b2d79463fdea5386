/**
 * `npm run bench:sliding`: how often alerts that look at a sliding window fire without drift, and
 * how soon with one; and what they would do if they looked at it whenever a window closes. The
 * feature is standard normal, its baseline has 10 000 rows, and everything is counted by the
 * monitor's own code. The same seed gives the same numbers.
 */
import { parseArgs } from "node:util";
import { AlertBook } from "#core/alert/alert-book.ts";
import { describeNumber } from "#core/drift/baseline.ts";
import { prepareReference } from "#core/monitor/reference.ts";
import { VersionWatch } from "#core/monitor/version-watch.ts";
import { seededDraw } from "#core/random.ts";
import { formatTable, plain } from "../../../cli/output.ts";
import { makeEvent, sampleBaseline } from "../../support/prediction-events.ts";
import { Normals } from "../normals.ts";
import { median } from "../statistics.ts";

const { values: flags } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    baselines: { type: "string", default: "40" },
  },
});

const windowMs = 60_000;
const windows = 12;
const rows = 20;
const baselineRows = 10_000;
const stillWindows = 1_000;
const shifts = [0.2, 0.3, 0.5, 1];
const shiftedMax = 120;
const context = {
  ...{ traceIds: [], messages: { firstSeq: 0, lastSeq: 0 }, digest: "", baseline: "" },
};

/** Alerts as they are, and those of every window that closes. */
type Fired = { thirds: number; every: number };

const normals = new Normals(seededDraw(Number(flags.seed)));
const still: Fired = { thirds: 0, every: 0 };
const delays = shifts.map(() => ({ thirds: [] as number[], every: [] as number[] }));
const baselines = Number(flags.baselines);
for (let round = 0; round < baselines; round += 1) {
  const open = opener();
  const calm = open();
  for (let window = 0; window < stillWindows; window += 1) {
    const { thirds, every } = calm(0);
    still.thirds += Number(thirds);
    still.every += Number(every);
  }
  for (const [place, shift] of shifts.entries()) {
    const watch = open();
    for (let window = 0; window < windows; window += 1) watch(0);
    const found = { thirds: shiftedMax, every: shiftedMax };
    for (let window = 1; window <= shiftedMax; window += 1) {
      const { thirds, every } = watch(shift);
      if (thirds) found.thirds = Math.min(found.thirds, window);
      if (every) found.every = Math.min(found.every, window);
      if (found.thirds <= window && found.every <= window) break;
    }
    delays[place]?.thirds.push(found.thirds);
    delays[place]?.every.push(found.every);
  }
}

const days = (baselines * stillWindows * windowMs) / 86_400_000;
const columns = [
  { title: "ALERTS LOOK" },
  { title: "FIRED WITHOUT DRIFT", align: "right" as const },
  ...shifts.map((shift) => ({ title: `${shift} SD`, align: "right" as const })),
];
const table = (["thirds", "every"] as const).map((how) => [
  how === "thirds" ? "at every fourth window" : "at every window",
  `${still[how]} in ${days.toFixed(1)} days`,
  ...delays.map((found) => {
    const missed = found[how].filter((delay) => delay === shiftedMax).length;
    return missed > baselines / 2 ? "-" : `${median(found[how])} windows`;
  }),
]);
const head =
  `seed ${flags.seed}, ${baselines} baselines; ${rows} rows a window, ${windows} together; ` +
  "median of how long it takes until the alert of a shift fires\n\n";
process.stdout.write(head + formatTable(columns, table, plain));

/** Makes watches of one baseline; each takes windows and says whether an alert began to fire. */
function opener() {
  const values = Array.from({ length: baselineRows }, () => normals.next());
  const features = [describeNumber({ name: "x", dtype: "FP64", values })];
  const baseline = { ...sampleBaseline(), rows: baselineRows, features, outputs: [] };
  const definition = { kind: "reference", reference: prepareReference(baseline, "bench") } as const;
  const sliding = { windows, alerts: true };
  return () => {
    const watch = new VersionWatch(1, definition, {
      windowMs,
      graceMs: 0,
      thresholds: {},
      sliding,
    });
    const book = new AlertBook(1);
    let seq = 0;
    return (shift: number): { readonly thirds: boolean; readonly every: boolean } => {
      seq += 1;
      const timeMs = seq * windowMs;
      const x = Array.from({ length: rows }, () => normals.next() + shift);
      const event = makeEvent({ seq, of: [{ id: seq, timeMs, x }] });
      watch.apply(event, { nowMs: timeMs, seq });
      watch.close(timeMs + windowMs);
      const report = watch.sliding?.report.window;
      if (report !== undefined) book.observe(report, context);
      const isFiring = (changes: readonly { readonly to: string; readonly from: string }[]) =>
        changes.some(({ from, to }) => to === "firing" && from !== "clearing");
      return { thirds: isFiring(watch.takeAlertChanges()), every: isFiring(book.takeChanges()) };
    };
  };
}
