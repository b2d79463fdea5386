import { UsageError } from "../exit-code.ts";

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const duration = /^([0-9]{1,6}(?:\.[0-9]{1,3})?)([smhdw])$/;
const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/i;

/** Times as milliseconds since 1970: from the first on, before the second. */
export type TimeSpan = { readonly sinceMs: number; readonly untilMs: number };

/**
 * Reads `--since` and `--until`: RFC 3339, or a duration back from now such as `24h` or `7d`.
 * Without an end it is now. Throws a UsageError.
 */
export function parsePeriod(
  { since, until }: { readonly since: string; readonly until: string | undefined },
  nowMs: number,
): TimeSpan {
  const sinceMs = parseTime("--since", since, nowMs);
  const untilMs = until === undefined ? nowMs : parseTime("--until", until, nowMs);
  if (sinceMs >= nowMs) throw new UsageError(`--since ${since} is not in the past`);
  if (sinceMs >= untilMs) throw new UsageError(`--since ${since} is not before --until ${until}`);
  return { sinceMs, untilMs: Math.min(untilMs, nowMs) };
}

function parseTime(flag: string, text: string, nowMs: number): number {
  const [, amount, unit] = duration.exec(text) ?? [];
  if (amount !== undefined) return nowMs - Number(amount) * unitMs[unit as keyof typeof unitMs];
  const timeMs = dateTime.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(timeMs)) return timeMs;
  const forms = "2026-11-25T08:00:00Z, or a duration back from now such as 24h or 7d";
  throw new UsageError(`${flag} must be a time like ${forms}, not "${text}"`);
}
