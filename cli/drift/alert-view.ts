import { AlertState, AlertStateSchema, type Report } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { formatNumber, formatTime } from "../format.ts";
import { alignRows, type Colour, type Paint } from "../output.ts";
import { enumName } from "../plain-message.ts";

const colours: Record<AlertState, Colour> = {
  [AlertState.UNSPECIFIED]: "dim",
  [AlertState.PENDING]: "yellow",
  [AlertState.FIRING]: "red",
  [AlertState.CLEARING]: "yellow",
};

const severity: readonly AlertState[] = [
  AlertState.FIRING,
  AlertState.CLEARING,
  AlertState.PENDING,
  AlertState.UNSPECIFIED,
];

/**
 * A line for each alert, those that fire first, and one where the model waits to be trained again;
 * nothing where all is calm.
 */
export function formatAlerts(
  { alerts, retraining }: Report,
  options: { readonly paint: Paint; readonly now: number },
): string {
  const { paint, now } = options;
  const ranked = alerts.toSorted(
    (one, other) => severity.indexOf(one.state) - severity.indexOf(other.state),
  );
  const rows = ranked.map((alert) => [
    paint(colours[alert.state] ?? "dim", enumName(AlertStateSchema, alert.state)),
    paint("bold", alert.feature),
    `since ${formatTime(Number(alert.sinceMs), now)}`,
    `${alert.statistic} ${formatNumber(Number(alert.value.toPrecision(4)))}`,
    alert.traceIds[0] === undefined ? "" : paint("dim", `sluice traces ${alert.traceIds[0]}`),
  ]);
  if (retraining === undefined) return alignRows(rows);
  const { sinceMs, version } = retraining;
  const waits = `version ${version}, asked for at ${formatTime(Number(sinceMs), now)}`;
  return `${alignRows(rows)}${paint("yellow", "to be trained again")}  ${waits}\n`;
}
