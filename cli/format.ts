/** Numbers and times as people read them. */

const digitsShown = 6;

/** At most six significant digits; never an exponent for numbers of everyday size. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return String(Number(value.toPrecision(digitsShown)));
  return String(Number(value.toPrecision(Math.max(digitsShown, String(Math.trunc(size)).length))));
}

/** A share from 0 to 1 as `98.6 %`. */
export function formatPercent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** `850 µs`, `1.24 ms`, `2.30 s`, `3.5 min`. */
export function formatDuration(us: number): string {
  if (us < 1000) return `${Math.round(us)} µs`;
  if (us < 1e6) return `${threeDigits(us / 1000)} ms`;
  return us < 120e6 ? `${threeDigits(us / 1e6)} s` : `${threeDigits(us / 60e6)} min`;
}

/** `14:03:07` in the local time zone; with the date where it is not `now`'s day. */
export function formatTime(ms: number, now: number): string {
  const [when, today] = [new Date(ms), new Date(now)];
  const time = when.toTimeString().slice(0, 8);
  if (when.toDateString() === today.toDateString()) return time;
  const day = [when.getFullYear(), when.getMonth() + 1, when.getDate()];
  return `${day.map((part) => String(part).padStart(2, "0")).join("-")} ${time}`;
}

/** `1 row`, `2 rows`. */
export function formatCount(count: number | bigint, noun: string): string {
  return `${count} ${noun}${Number(count) === 1 ? "" : "s"}`;
}

/** Three digits for what is below a thousand, such as 1.24, 12.4, 124. */
function threeDigits(value: number): string {
  if (value < 10) return value.toFixed(2);
  return value < 100 ? value.toFixed(1) : value.toFixed(0);
}
