import type { Baseline } from "#core/drift/baseline.ts";
import { formatRef } from "#core/model/name.ts";
import { quoteAll } from "#core/quote.ts";
import { modelPaths } from "#platform/model-repository.ts";
import { formatBaseline } from "#wire/baseline.ts";
import { stdioPath } from "../bulk/format.ts";
import { type ExitCode, exitCode, UsageError } from "../exit-code.ts";
import { formatCount, formatPercent } from "../format.ts";
import type { ModelArgument } from "../model-argument.ts";
import { Progress } from "../progress.ts";
import { onInterrupt, type Shell, writeJson } from "../shell.ts";
import type { DescribedPeriod } from "./describe-period.ts";
import { readWatchedVersion, type WatchedVersion } from "./model-columns.ts";
import { parsePeriod } from "./period.ts";
import { inheritFrom, writeWhole } from "./write-baseline.ts";

export type PeriodFlags = {
  readonly since: string;
  readonly until?: string;
  readonly rowsMax: string;
  readonly seed: string;
  readonly out?: string;
};

/** What is read faster needs no bar. */
const progressAfterMs = 2_000;
const rowsMost = 10_000_000;

/** Makes the baseline of what was served in a period, and says what it is of. */
export async function makePeriodBaseline(
  shell: Shell,
  argument: ModelArgument,
  flags: PeriodFlags,
): Promise<ExitCode> {
  const { since, until, out } = flags;
  const period = parsePeriod({ since, until }, Date.now());
  const rowsMax = toCount("--rows-max", flags.rowsMax, { min: 1, max: rowsMost });
  const seed = toCount("--seed", flags.seed, { min: 0, max: 2 ** 31 - 1 });
  const root = shell.addresses.modelsDir;
  const model = await readWatchedVersion(root, argument);
  const described = await describe(shell, { model, period, rowsMax, seed });
  const [from, to] = [period.sinceMs, period.untilMs].map((ms) => new Date(ms).toISOString());
  const { rows, share, features, outputs } = described;
  const { baseline: home } = modelPaths(root, model.ref);
  const baseline = await inheritFrom(home, {
    ...{ ...model.ref, digest: model.digest, rows, createdAt: new Date().toISOString() },
    source: { since: from ?? "", until: to ?? "", share },
    ...{ features, outputs },
  });
  const [path, text] = [out ?? home, formatBaseline(baseline)];
  await writeWhole(shell, { path, isHome: out === undefined, text });
  tell(shell, path, baseline, described);
  return exitCode.done;
}

type Wanted = {
  readonly model: WatchedVersion;
  readonly period: ReturnType<typeof parsePeriod>;
  readonly rowsMax: number;
  readonly seed: number;
};

async function describe(shell: Shell, wanted: Wanted): Promise<DescribedPeriod> {
  // No other way to a baseline needs NATS.
  const { PredictionLog } = await import("../prediction-log.ts");
  const { describePeriod } = await import("./describe-period.ts");
  await using log = await PredictionLog.open(shell.addresses.nats);
  using interrupt = onInterrupt();
  using progress = new Progress(shell.err, { afterMs: progressAfterMs });
  const onProgress = (share: number) => progress.update(share, "reading predictions");
  return await describePeriod(log, { ...wanted, signal: interrupt.signal, onProgress });
}

function toCount(flag: string, text: string, { min, max }: { min: number; max: number }): number {
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${flag} must be an integer from ${min} to ${max}, not "${text}"`);
}

function tell(shell: Shell, path: string, baseline: Baseline, described: DescribedPeriod): void {
  const { model, version, rows, source, digest } = baseline;
  const [features, outputs] = [baseline.features.length, baseline.outputs.length];
  const missing = { features: described.missingFeatures, outputs: described.missingOutputs };
  const { others, unreadable } = described;
  const screen = path === stdioPath ? shell.err : shell.out;
  if (shell.isJson) {
    const left = Array.from(others, ([of, count]) => ({ digest: of, rows: count }));
    const counts = { rows, features, outputs };
    const from = { digest, source, others: left, messagesUnreadable: unreadable };
    writeJson(screen, { model, version, path, ...counts, missing, ...from });
    return;
  }
  const counts = [
    formatCount(rows, "row"),
    formatCount(features, "feature"),
    formatCount(outputs, "output"),
  ];
  screen.write(`${formatRef(baseline)}  ${counts.join(", ")}  ${path}\n`);
  for (const line of remarksOf(described, missing, digest)) shell.err.write(`${line}\n`);
}

function remarksOf(
  { share, others, unreadable }: DescribedPeriod,
  missing: Readonly<Record<string, readonly string[]>>,
  digest: string,
): string[] {
  const absent = Object.entries(missing).filter(([, names]) => names.length > 0);
  return [
    ...absent.map(([what, names]) => `not in the period: the ${what} ${quoteAll(names, 8)}`),
    ...(share < 1 ? [`a sample of ${formatPercent(share)} of the predictions (--rows-max)`] : []),
    ...Array.from(others, ([other, rows]) => {
      const files = `${other.slice(0, 12)}, not ${digest.slice(0, 12)}`;
      return `left out: ${formatCount(rows, "row")} of another model file (${files})`;
    }),
    ...(unreadable > 0 ? [`${formatCount(unreadable, "message")} cannot be read`] : []),
  ];
}
