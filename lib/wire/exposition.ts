/** Metrics in the Prometheus text format (0.0.4). */
import type { LabelledSeries } from "#core/metric/family.ts";
import type { AnyFamily } from "#core/metric/meter.ts";
import { HistogramSeries } from "#core/metric/series.ts";

type AnySeries = AnyFamily extends { all(): Iterable<infer One> } ? One : never;

/** About as many characters a piece has: what can be written in about a millisecond. */
const pieceChars = 64 * 1024;

/** The label of the series that stands for those beyond the limit, as OpenTelemetry calls it. */
const overflowLabel = 'otel_metric_overflow="true"';

/**
 * Writes the families piece by piece, so that whoever wants to can do other things in between.
 * Every series has the labels `common` besides its own. Families without series are left out.
 */
export function* writeExposition(
  families: readonly AnyFamily[],
  common: Readonly<Record<string, string>>,
): Generator<string> {
  const commonLabels = Object.entries(common).map(([name, value]) => label(name, value));
  let piece = "";
  for (const family of families) {
    let head = headOf(family);
    // A list of its own: in between somebody else may ask, and have what is looked up set anew.
    for (const one of [...(family.all() as Iterable<AnySeries>)]) {
      const labels = [...ownLabels(family, one), ...commonLabels].join(",");
      piece += head + writeSeries(family.name, labels, one.series);
      head = "";
      if (piece.length < pieceChars) continue;
      yield piece;
      piece = "";
    }
  }
  yield piece;
}

function headOf({ name, help, kind }: AnyFamily): string {
  const escaped = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return `# HELP ${name} ${escaped}\n# TYPE ${name} ${kind}\n`;
}

function ownLabels({ labelNames }: AnyFamily, { labels }: LabelledSeries<unknown>): string[] {
  if (labels === undefined) return [overflowLabel];
  return labelNames.map((name, index) => label(name, labels[index] ?? ""));
}

function label(name: string, value: string): string {
  const escaped = value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
  return `${name}="${escaped}"`;
}

function writeSeries(name: string, labels: string, series: AnySeries["series"]): string {
  const inBraces = labels === "" ? "" : `{${labels}}`;
  if (!(series instanceof HistogramSeries)) {
    return `${name}${inBraces} ${numberText(series.value)}\n`;
  }
  const { bounds, counts, sum } = series;
  const bucket = `${name}_bucket{${labels === "" ? "" : `${labels},`}le="`;
  let text = "";
  let total = 0;
  for (let index = 0; index < counts.length; index += 1) {
    total += counts[index] ?? 0;
    text += `${bucket}${bounds[index] ?? "+Inf"}"} ${total}\n`;
  }
  return `${text}${name}_sum${inBraces} ${numberText(sum)}\n${name}_count${inBraces} ${total}\n`;
}

function numberText(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}
