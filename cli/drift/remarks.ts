/** What is said of a feature's values beside its statistics. */
import { quote } from "#core/quote.ts";
import type { FeatureReport, Finding, Quality, Window } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { formatCount, formatPercent } from "../format.ts";
import type { Paint } from "../output.ts";

/** Values shown of those that are new; all are in the JSON. */
const unseenMax = 3;

/** In red what is more than chance; where nothing is, what there was beside plain values. */
export function remarksOf(feature: FeatureReport, paint: Paint): string[] {
  const { findings, quality } = feature;
  if (findings.length === 0) {
    return [...describeQuality(quality), ...describeUnseen(feature, paint)];
  }
  const told = findings.map((finding) =>
    paint(
      "red",
      finding.check === "cardinality"
        ? describeCardinality(finding, feature)
        : describeFinding(finding),
    ),
  );
  return [...told, ...describeUnseen(feature, paint)];
}

/** Whoever sends them chose these texts: they are quoted. */
function describeUnseen({ unseenValues }: FeatureReport, paint: Paint): string[] {
  if (unseenValues.length === 0) return [];
  const shown = unseenValues
    .slice(0, unseenMax)
    .map(({ value, rows }) => `${quote(value)} ${rows}`);
  return [paint("dim", `new: ${shown.join(", ")}`)];
}

/** In brackets what so many rows of the baseline would have. */
function describeCardinality({ rows, shareBaseline }: Finding, feature: FeatureReport): string {
  const { type, rowsCurrent, distinctExpected } = feature;
  const expected = distinctExpected ?? shareBaseline * Number(rowsCurrent);
  const what = type === "number" ? "bins" : "different values";
  return `${rows} ${what} (${expected.toFixed(0)})`;
}

/** In brackets the baseline's share, or how much may be so at most. */
function describeFinding({ check, rows, share, shareBaseline, least }: Finding): string {
  if (check === "constant") return "all in one bin";
  if (check === "vanished") return `${rows} ${rows === 1n ? "category" : "categories"} gone`;
  if (least === undefined) {
    return `${check} ${formatPercent(share)} (${formatPercent(shareBaseline)})`;
  }
  // One of many would round to nothing.
  const much = share < 0.001 ? formatCount(rows, "value") : formatPercent(share);
  const allowed = least === 1 ? "none allowed" : `at most ${formatPercent(1 - least)}`;
  return `${check} ${much} (${allowed})`;
}

function describeQuality(quality: Quality | undefined): string[] {
  if (quality === undefined) return [];
  const { nulls, nans, posInf, negInf, typeErrors, unseen } = quality;
  const counts: [bigint, string][] = [
    [nulls, "null"],
    [nans, "NaN"],
    [posInf + negInf, "infinite"],
    [typeErrors, "of another type"],
    [unseen, "unseen"],
  ];
  return counts.flatMap(([count, what]) => (count > 0n ? [`${count} ${what}`] : []));
}

/** Whether values are not as declared. */
export function isBreached({ findings }: FeatureReport): boolean {
  return findings.some(({ least }) => least !== undefined);
}

/** Features and outputs of a window whose values are not as declared, and in what. */
export function breachesOf({ features, outputs }: Window, paint: Paint): string[] {
  return [...features, ...outputs].flatMap(({ name, findings }) => {
    const broken = findings.filter(({ least }) => least !== undefined);
    const told = broken.map((finding) => paint("red", describeFinding(finding)));
    return told.length === 0 ? [] : [`${name} ${told.join(" and ")}`];
  });
}
