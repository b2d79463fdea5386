import type { ChangePoint } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { formatDuration, formatNumber, formatPercent, formatTime } from "../format.ts";
import { alignRows, type Paint } from "../output.ts";

const changesShown = 5;

/** The latest changes of level, newest first, each with what it was from and to. */
export function formatChanges(
  changes: readonly ChangePoint[],
  options: { readonly paint: Paint; readonly now: number },
): string {
  const { paint, now } = options;
  if (changes.length === 0) return "";
  const rows = changes
    .slice(0, changesShown)
    .map((change) => [
      `  ${formatTime(Number(change.timeMs), now)}`,
      change.name === "" ? change.signal : `${change.signal} ${change.name}`,
      `${show(change, change.before)} → ${show(change, change.after)}`,
      paint("dim", change.detector.replace("_", "-")),
    ]);
  const left = changes.length - rows.length;
  const more = left > 0 ? paint("dim", `  and ${left} more (--json lists them)\n`) : "";
  return `  ${paint("bold", "changes")}\n${alignRows(rows)}${more}`;
}

function show({ signal }: ChangePoint, level: number): string {
  if (signal === "error") return formatPercent(level);
  if (signal === "latency") return formatDuration(level * 1000);
  return formatNumber(Number(level.toPrecision(4)));
}
