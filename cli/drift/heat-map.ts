import { Verdict, type Window } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { formatTime } from "../format.ts";
import { clip, type Paint, widthOf } from "../output.ts";
import {
  columnsOf,
  compareTrends,
  fitCells,
  type Trend,
  type TrendCell,
  trendsOf,
} from "./trend.ts";
import { colourOf } from "./verdicts.ts";

export type HeatMapOptions = {
  readonly paint: Paint;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Of the terminal. */
  readonly columns: number;
  /** Of each side; the calmest are left out. */
  readonly featuresMax: number;
};

const nameColumnsMax = 24;
const valueColumns = 8;
const mapColumnsMin = 10;

/**
 * Features below one another, the worst first, closed windows from left to right, the newest last.
 * Shades say as much as colours. Where there are more windows than columns, a column shows the
 * worst of several.
 */
export function formatHeatMap(windows: readonly Window[], options: HeatMapOptions): string {
  const { paint, columns, featuresMax } = options;
  const trends = trendsOf(windows);
  if (trends.length === 0) return "";
  const names = trends.map(({ name }) => widthOf(name));
  const nameColumns = Math.min(nameColumnsMax, Math.max("OUTPUTS".length, ...names));
  // Two blanks before the name, two before the map and two before the value.
  const room = Math.max(mapColumnsMin, columns - nameColumns - valueColumns - 6);
  const count = columnsOf(windows).length;
  const layout = { paint, nameColumns, room: Math.min(room, count) };
  const sides = (["inputs", "outputs"] as const).map((side) => {
    const all = trends.filter((trend) => trend.side === side).toSorted(compareTrends);
    if (all.length === 0) return "";
    const lines = all.slice(0, featuresMax).map((trend) => formatTrend(trend, layout));
    const more = all.length - lines.length;
    if (more > 0) lines.push(paint("dim", `  and ${more} more, calmer ones (--all lists them)`));
    const title = paint("dim", `  ${side.toUpperCase()}`);
    return `${[title, ...lines].join("\n")}\n`;
  });
  const axis = formatAxis(windows, { ...layout, count, now: options.now });
  return sides.join("") + axis + legendOf(paint, columns);
}

type Layout = {
  readonly paint: Paint;
  readonly nameColumns: number;
  /** Of the map. */
  readonly room: number;
};

function formatTrend({ name, cells, value }: Trend, { paint, nameColumns, room }: Layout): string {
  const map = fitCells(cells, room)
    .map((cell) => shade(cell, paint))
    .join("");
  const title = clip(name, nameColumns).padEnd(nameColumns);
  const latest = value === undefined ? "" : value.toFixed(value < 100 ? 4 : 0);
  return `  ${title}  ${map}  ${latest.padStart(valueColumns)}`.trimEnd();
}

/** Under the map: when it begins and ends, and how many windows share a column. */
function formatAxis(
  windows: readonly Window[],
  of: Layout & { readonly count: number; readonly now: number },
): string {
  const { paint, nameColumns, room, count, now } = of;
  const starts = windows.map(({ startMs }) => Number(startMs));
  const ends = windows.map(({ endMs }) => Number(endMs));
  const first = formatTime(Math.min(...starts), now);
  const last = formatTime(Math.max(...ends), now);
  const gap = " ".repeat(Math.max(2, room - first.length - last.length));
  const perColumn = Math.ceil(count / room);
  const shared = perColumn > 1 ? `  up to ${perColumn} windows a column` : "";
  return `${paint("dim", `  ${" ".repeat(nameColumns)}  ${first}${gap}${last}${shared}`)}\n`;
}

const shades = { few: "·", calm: "░", near: "▒", warn: "▓", alarm: "█" };

function legendOf(paint: Paint, columns: number): string {
  const { few, calm, near, warn, alarm } = shades;
  const parts = [
    `${paint("green", calm)} ok`,
    `${paint("green", near)} ok, above half its limit`,
    `${paint("yellow", warn)} warn`,
    `${paint("red", alarm)} alarm`,
    `${paint("dim", few)} too few rows`,
  ];
  const line = `  ${parts.join("  ")}`;
  return `${widthOf(line) <= columns ? line : `  ${parts.join(" ")}`}\n`;
}

function shade(cell: TrendCell | undefined, paint: Paint): string {
  if (cell === undefined) return " ";
  const { verdict, share } = cell;
  const colour = colourOf(verdict);
  if (verdict === Verdict.ALARM) return paint(colour, shades.alarm);
  if (verdict === Verdict.WARN) return paint(colour, shades.warn);
  if (verdict === Verdict.OK) return paint(colour, share > 0.5 ? shades.near : shades.calm);
  return paint(colour, shades.few);
}
