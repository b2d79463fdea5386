import { calm, observe, type PersistenceState, step } from "#core/drift/persistence.ts";
import type { FeatureReport, Window } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { formatCount, formatTime } from "../format.ts";
import { formatTable, type Paint } from "../output.ts";
import { formatHeatMap, type HeatMapOptions } from "./heat-map.ts";
import { isAbove, psiOf, showVerdict, verdictWord } from "./verdicts.ts";

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

/** Closed windows, given newest first: one a line, then all as a map, and what has lasted. */
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
  return list + formatHeatMap(windows, options) + formatLasting(windows, paint);
}

/** What has lasted over windows by now: one window in alarm may be chance, two of three are not. */
function formatLasting(windows: readonly Window[], paint: Paint): string {
  const states = new Map<string, PersistenceState>();
  for (const { features, outputs } of windows.toReversed()) {
    for (const { name, statistics } of [...features, ...outputs]) {
      const [first] = statistics;
      if (first === undefined) continue;
      const observation = observe({ ...first, verdict: verdictWord(first.verdict) });
      states.set(name, step(states.get(name) ?? calm, observation).state);
    }
  }
  const lines = (["firing", "clearing", "pending"] as const).flatMap((kind) => {
    const names = [...states].flatMap(([name, state]) => (state.kind === kind ? [name] : []));
    return names.length === 0 ? [] : [`${paint("bold", kind)}  ${names.join(", ")}\n`];
  });
  return lines.join("");
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
