/** How features went over closed windows, to be drawn in a terminal's columns. */
import { limitOf } from "#core/drift/verdict.ts";
import { type FeatureReport, Verdict, type Window } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import type { Paint } from "../output.ts";
import { colourOf, severity } from "./verdicts.ts";

export type Side = "inputs" | "outputs";

/** A feature in one window, or in several that share a column. */
export type TrendCell = {
  readonly verdict: Verdict;
  /** The deciding statistic in parts of its limit: above 1 it is in alarm. */
  readonly share: number;
};

export type Trend = {
  readonly side: Side;
  readonly name: string;
  /** One for each column, oldest first; undefined where there was no window. */
  readonly cells: readonly (TrendCell | undefined)[];
  /** The deciding statistic of the newest window that has it. */
  readonly value: number | undefined;
};

/** The windows in columns, oldest first; undefined where time went by without any. */
export function columnsOf(windows: readonly Window[]): (Window | undefined)[] {
  const columns: (Window | undefined)[] = [];
  let endMs: bigint | undefined;
  for (const window of windows.toSorted((one, two) => Number(one.startMs - two.startMs))) {
    if (endMs !== undefined && window.startMs > endMs) columns.push(undefined);
    columns.push(window);
    endMs = window.endMs;
  }
  return columns;
}

/** Every input and output that any of the windows has, in their order, inputs first. */
export function trendsOf(windows: readonly Window[]): Trend[] {
  const columns = columnsOf(windows);
  return (["inputs", "outputs"] as const).flatMap((side) => {
    const lists = columns.map((window) => (window === undefined ? [] : reportsOf(window, side)));
    const places = lists.map((list) => new Map(list.map((report) => [report.name, report])));
    const names = [...new Set(lists.toReversed().flat().map(nameOf))];
    return names.map((name) => {
      const reports = places.map((reports) => reports.get(name));
      const latest = reports.findLast((report) => report?.statistics[0] !== undefined);
      const value = latest?.statistics[0]?.value;
      return { side, name, cells: reports.map(cellOf), value };
    });
  });
}

/** Neighbours share a column where there are more than `width`: it shows the worst of them. */
export function fitCells(
  cells: readonly (TrendCell | undefined)[],
  width: number,
): (TrendCell | undefined)[] {
  if (cells.length <= width) return [...cells];
  return Array.from({ length: width }, (_, column) => {
    const from = Math.floor((column * cells.length) / width);
    const to = Math.floor(((column + 1) * cells.length) / width);
    return cells.slice(from, to).reduce(worseOf);
  });
}

const bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/** So much of its limit fills a bar; the limit itself is half of that. */
const fullShare = 2;

/** The newest cells as bars, half as high at the limit; a dot where rows were too few. */
export function sparkline(
  cells: readonly (TrendCell | undefined)[],
  { width, paint }: { readonly width: number; readonly paint: Paint },
): string {
  return cells
    .slice(-width)
    .map((cell) => {
      if (cell === undefined) return " ";
      if (cell.verdict === Verdict.INSUFFICIENT) return paint("dim", "·");
      const step = Math.floor((cell.share / fullShare) * bars.length);
      const bar = bars[Math.min(bars.length - 1, Math.max(0, step))] ?? "";
      return paint(colourOf(cell.verdict), bar);
    })
    .join("");
}

/** Larger is worse: first what lasts by the newest windows, then how far it went. */
export function compareTrends(one: Trend, other: Trend): number {
  return weightOf(other) - weightOf(one);
}

function weightOf({ cells }: Trend): number {
  const at = (cell: TrendCell | undefined) =>
    cell === undefined ? 0 : severity.length - severity.indexOf(cell.verdict);
  const worst = Math.max(0, ...cells.map(at));
  const worstCount = cells.filter((cell) => at(cell) === worst).length;
  const shares = cells.reduce((sum, cell) => sum + Math.min(10, cell?.share ?? 0), 0);
  return worst * 1e6 + worstCount * 1e3 + shares / (cells.length + 1);
}

function worseOf(one: TrendCell | undefined, other: TrendCell | undefined): TrendCell | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const isWorse = severity.indexOf(other.verdict) < severity.indexOf(one.verdict);
  const { verdict } = isWorse ? other : one;
  return { verdict, share: Math.max(one.share, other.share) };
}

function cellOf(report: FeatureReport | undefined): TrendCell | undefined {
  if (report === undefined) return undefined;
  const [deciding] = report.statistics;
  if (deciding === undefined) return { verdict: report.verdict, share: 0 };
  const limit = limitOf(deciding);
  return { verdict: report.verdict, share: limit > 0 ? deciding.value / limit : 0 };
}

function reportsOf(window: Window, side: Side): readonly FeatureReport[] {
  return side === "inputs" ? window.features : window.outputs;
}

function nameOf({ name }: FeatureReport): string {
  return name;
}
