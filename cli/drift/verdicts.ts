/** What views of drift have in common. */
import type { Verdict as VerdictWord } from "#core/drift/verdict.ts";
import { type FeatureReport, Verdict, VerdictSchema } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import type { Colour, Paint } from "../output.ts";
import { enumName } from "../plain-message.ts";

const colours: Readonly<Record<Verdict, Colour>> = {
  [Verdict.UNSPECIFIED]: "dim",
  [Verdict.OK]: "green",
  [Verdict.WARN]: "yellow",
  [Verdict.ALARM]: "red",
  [Verdict.INSUFFICIENT]: "dim",
};

/** The worst first. */
export const severity: readonly Verdict[] = [
  Verdict.ALARM,
  Verdict.WARN,
  Verdict.OK,
  Verdict.INSUFFICIENT,
  Verdict.UNSPECIFIED,
];

/** That of a verdict newer than this program is dim. */
export function colourOf(verdict: Verdict): Colour {
  return colours[verdict] ?? "dim";
}

export function showVerdict(verdict: Verdict, paint: Paint): string {
  return paint(colourOf(verdict), enumName(VerdictSchema, verdict));
}

/** The enumeration's words are those of the rules. */
export function verdictWord(verdict: Verdict): VerdictWord {
  return verdict === Verdict.UNSPECIFIED
    ? "insufficient"
    : (enumName(VerdictSchema, verdict) as VerdictWord);
}

export function isAbove({ verdict }: FeatureReport): boolean {
  return verdict === Verdict.ALARM || verdict === Verdict.WARN;
}

/** The value of the deciding statistic. */
export function psiOf({ statistics }: FeatureReport): number {
  return statistics[0]?.value ?? 0;
}
