import type { FeatureReport, Window } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { formatCount, formatTime } from "../format.ts";
import { formatTable } from "../output.ts";
import { formatHeatMap, type HeatMapOptions } from "./heat-map.ts";
import { isAbove, psiOf, showVerdict } from "./verdicts.ts";

export type HistoryOptions = HeatMapOptions & {
  /** Windows listed one a line; the map has all. */
  readonly windowsMax: number;
};

const columns = [
  { title: "START" },
  { title: "END" },
  { title: "ROWS", align: "right" as const },
  { title: "VERDICT" },
  { title: "INPUTS ABOVE THEIR LIMIT" },
  { title: "OUTPUTS ABOVE THEIRS" },
];

/** Closed windows, given newest first: one a line, then all as a map. */
export function formatHistory(windows: readonly Window[], options: HistoryOptions): string {
  if (windows.length === 0) return "no window has closed yet\n";
  const { paint, now, windowsMax } = options;
  const rows = windows
    .slice(0, windowsMax)
    .map((window) => [
      formatTime(Number(window.startMs), now),
      formatTime(Number(window.endMs), now),
      String(window.rows),
      showVerdict(window.verdict, paint) + (window.revised ? " (revised)" : ""),
      namesOf(window.features) || "-",
      namesOf(window.outputs),
    ]);
  const left = windows.length - rows.length;
  const more =
    left > 0 ? paint("dim", `and ${formatCount(left, "older window")} (--all lists them)\n`) : "";
  const list = windowsMax === 0 ? "" : `${formatTable(columns, rows, paint)}${more}\n`;
  return list + formatHeatMap(windows, options);
}

const namesShown = 4;

/** The worst few: of wide models all would be. */
function namesOf(features: readonly FeatureReport[]): string {
  const above = features.filter(isAbove).toSorted((one, other) => psiOf(other) - psiOf(one));
  const names = above
    .slice(0, namesShown)
    .map((feature) => `${feature.name} ${psiOf(feature).toFixed(3)}`)
    .join(", ");
  return above.length > namesShown ? `${names} and ${above.length - namesShown} more` : names;
}
