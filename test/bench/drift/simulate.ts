/**
 * How often the monitor raises an alarm on features whose rows are independent, with and without
 * drift. Baselines are built and windows counted, closed and judged by the monitor's own code:
 * every window is an event of one request that a model watch applies.
 */
import { type Baseline, describeCategory, describeNumber } from "#core/drift/baseline.ts";
import { calm, observe, type PersistenceState, step } from "#core/drift/persistence.ts";
import type { FeatureReport } from "#core/drift/verdict.ts";
import { ModelWatch } from "#core/monitor/model-watch.ts";
import { prepareReference } from "#core/monitor/reference.ts";
import type { WindowReport } from "#core/monitor/window-report.ts";
import type { EventColumn } from "#core/prediction/event.ts";
import { seededDraw } from "#core/random.ts";
import { makeEvent, sampleBaseline } from "../../support/prediction-events.ts";
import { Normals } from "../normals.ts";
import { type Distribution, distributions } from "./distributions.ts";
import { type Rate, Tally } from "./tally.ts";

export type SimulationOptions = {
  readonly seed: number;
  readonly baselines: number;
  readonly baselineRows: number;
  readonly windowRows: readonly number[];
  /** In standard deviations; 0 is no drift. */
  readonly shifts: readonly number[];
  /**
   * Runs of three windows against each baseline, without drift and with each shift; a quarter as
   * many of windows of thousands of rows, which take most of the time.
   */
  readonly runs: { readonly still: number; readonly shifted: number };
};

/** What was found of one distribution, window size and shift. */
export type Cell = {
  readonly distribution: string;
  readonly rows: number;
  readonly shift: number;
  /** Of windows: how often a feature was in alarm, worse than ok, or without a verdict. */
  readonly alarm: Rate;
  readonly warnOrAlarm: Rate;
  readonly insufficient: Rate;
  /** Of runs of three windows: how often two of them made the feature fire. */
  readonly firing: Rate;
  /** Of windows, by statistic: how often it exceeded both threshold and floor. */
  readonly statistics: Readonly<Record<string, Rate>>;
};

const windowsPerRun = 3;
const windowMs = 60_000;
const manyRows = 2000;

/** Gives back what was found so far after each baseline. The same options find the same. */
export function* simulate(options: SimulationOptions): Generator<() => Cell[]> {
  const { seed, baselines, windowRows, shifts } = options;
  // One stream of draws: those of several seeds overlap.
  const normals = new Normals(seededDraw(seed));
  const tallies = new Map<string, CellTally>();
  for (const rows of windowRows) {
    for (const shift of shifts) {
      for (const { name } of distributions) {
        tallies.set(keyOf(name, rows, shift), new CellTally(name, rows, shift));
      }
    }
  }
  for (let round = 0; round < baselines; round += 1) {
    const live = new Live(makeBaseline(options.baselineRows, normals), normals);
    for (const rows of windowRows) {
      for (const shift of shifts) {
        const asked = shift === 0 ? options.runs.still : options.runs.shifted;
        const runs = rows < manyRows ? asked : Math.ceil(asked / 4);
        const windows = live.windows(rows, shift, runs * windowsPerRun);
        for (const [place, { name }] of distributions.entries()) {
          const reports = windows.flatMap(({ features }) => features[place] ?? []);
          tallies.get(keyOf(name, rows, shift))?.add(reports);
        }
      }
    }
    yield () => [...tallies.values()].map((tally) => tally.cell());
  }
}

function keyOf(distribution: string, rows: number, shift: number): string {
  return `${distribution} ${rows} ${shift}`;
}

class CellTally {
  readonly #of: Pick<Cell, "distribution" | "rows" | "shift">;
  readonly #alarm = new Tally();
  readonly #warnOrAlarm = new Tally();
  readonly #insufficient = new Tally();
  readonly #firing = new Tally();
  readonly #statistics = new Map<string, Tally>();

  constructor(distribution: string, rows: number, shift: number) {
    this.#of = { distribution, rows, shift };
  }

  /** Takes the windows of one baseline, in runs of three. */
  add(reports: readonly FeatureReport[]): void {
    const count = reports.length;
    const of = (verdicts: readonly string[]) =>
      reports.filter(({ verdict }) => verdicts.includes(verdict)).length;
    this.#alarm.add(of(["alarm"]), count);
    this.#warnOrAlarm.add(of(["alarm", "warn"]), count);
    this.#insufficient.add(of(["insufficient"]), count);
    this.#firing.add(countFiring(reports), count / windowsPerRun);
    for (const id of new Set(reports.flatMap(({ statistics }) => statistics.map(idOf)))) {
      const tally = this.#statistics.get(id) ?? new Tally();
      this.#statistics.set(id, tally);
      const exceeded = reports.filter(({ statistics }) =>
        statistics.some((one) => one.id === id && one.verdict === "alarm"),
      );
      tally.add(exceeded.length, count);
    }
  }

  cell(): Cell {
    const statistics = [...this.#statistics].map(([id, tally]) => [id, tally.rate()] as const);
    return {
      ...this.#of,
      alarm: this.#alarm.rate(),
      warnOrAlarm: this.#warnOrAlarm.rate(),
      insufficient: this.#insufficient.rate(),
      firing: this.#firing.rate(),
      statistics: Object.fromEntries(statistics),
    };
  }
}

function idOf({ id }: { readonly id: string }): string {
  return id;
}

/** Runs of three windows that end with the feature firing; each begins calm. */
function countFiring(reports: readonly FeatureReport[]): number {
  let firing = 0;
  for (let from = 0; from < reports.length; from += windowsPerRun) {
    let state: PersistenceState = calm;
    for (const { statistics } of reports.slice(from, from + windowsPerRun)) {
      const [deciding] = statistics;
      if (deciding !== undefined) state = step(state, observe(deciding)).state;
    }
    if (state.kind === "firing") firing += 1;
  }
  return firing;
}

/** The monitor's knowledge of a model with one feature for each distribution. */
class Live {
  readonly #normals: Normals;
  readonly #watch: ModelWatch;
  #seq = 0;
  #rowsTotal = 0;

  constructor(baseline: Baseline, normals: Normals) {
    this.#normals = normals;
    const reference = prepareReference(baseline, "simulated");
    const options = { model: "wine", windowMs, graceMs: 0, thresholds: {} };
    this.#watch = new ModelWatch(options, new Map([[1, { kind: "reference", reference }]]));
  }

  /** The next so many windows, of `rows` rows each. */
  windows(rows: number, shift: number, count: number): WindowReport[] {
    const found: WindowReport[] = [];
    for (let window = 0; window < count; window += 1) found.push(...this.#apply(rows, shift));
    // Time has to pass the last window's end for it to close.
    return [...found, ...this.#apply(0, 0)];
  }

  #apply(rows: number, shift: number): WindowReport[] {
    const seq = ++this.#seq;
    this.#rowsTotal += rows;
    const timeMs = seq * windowMs;
    const columns = distributions.map((each) => drawColumn(each, { rows, shift }, this.#normals));
    const of = rows === 0 ? [] : [{ id: seq, timeMs, x: new Array<number>(rows).fill(0) }];
    const event = makeEvent({ seq, of, rowsTotal: this.#rowsTotal, columns });
    const body = { kind: "event", event } as const;
    return this.#watch.apply({ seq, timeMs, version: 1, body }).windows.map(({ window }) => window);
  }
}

function drawColumn(
  distribution: Distribution,
  { rows, shift }: { readonly rows: number; readonly shift: number },
  normals: Normals,
): EventColumn {
  const common = { name: distribution.name, kind: "feature", nulls: new Uint8Array(0) } as const;
  if (distribution.type === "number") {
    const data = new Float32Array(rows);
    const { numberOf } = distribution;
    for (let row = 0; row < rows; row += 1) data[row] = numberOf(normals.next(), shift);
    return { ...common, dtype: "FP32", values: { kind: "numbers", data } };
  }
  const { categories, codeOf } = distribution;
  const codes = Array.from({ length: rows }, () => codeOf(normals.next(), shift));
  return { ...common, dtype: "BYTES", values: { kind: "texts", dictionary: categories, codes } };
}

function makeBaseline(rows: number, normals: Normals): Baseline {
  const features = distributions.map((distribution) => {
    const { name } = distribution;
    if (distribution.type === "category") {
      const { categories, codeOf } = distribution;
      const values = Array.from(
        { length: rows },
        () => categories[codeOf(normals.next(), 0)] as string,
      );
      return describeCategory({ name, dtype: "BYTES", values });
    }
    const values = Float64Array.from({ length: rows }, () =>
      distribution.numberOf(normals.next(), 0),
    );
    return describeNumber({ name, dtype: "FP32", values });
  });
  return { ...sampleBaseline([0]), rows, features, outputs: [] };
}
