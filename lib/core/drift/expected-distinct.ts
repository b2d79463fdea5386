// How many different values n rows have that come from where the N rows of a baseline came from, of
// which it is known how often each value occurred (Heck, van Belle and Simberloff 1975): as many as
// n rows of the baseline taken at random. Values that the baseline does not have are accounted for
// by that, as far as n is not larger than N: of those it has once most will not come, and others
// will in their place.
import { logGamma } from "./chi-square.ts";

/** So many different values occur so often each. */
export type Frequency = { readonly count: number; readonly values: number };

export type ExpectedDistinct = { readonly mean: number; readonly variance: number };

export function expectedDistinct(
  frequencies: readonly Frequency[],
  rows: number,
): ExpectedDistinct {
  const all = frequencies.reduce((sum, { count, values }) => sum + count * values, 0);
  if (all === 0 || rows === 0) return { mean: 0, variance: 0 };
  const once = valuesOf(frequencies, 1);
  const beyond = rows > all ? newBeyond(frequencies, all, rows - all) : 0;
  let [mean, spread] = [beyond, 0];
  for (const { count, values } of frequencies) {
    mean += values * (rows >= all ? 1 : 1 - chanceOfNone(all, count, rows));
    const none = (1 - count / all) ** rows;
    spread += values * none * (1 - none);
  }
  // Presences exclude one another a little, so that their variances are more than that of the sum;
  // the mean is known as well as the baseline is large; new values come like any rare event, at the
  // rate of those seen once (Good 1953); and how it goes on beyond the baseline is a guess.
  const rare = (rows * Math.max(1, once)) / all;
  return { mean, variance: spread * (1 + rows / all) + rare + beyond * beyond };
}

/** That of `all` rows, `count` of which have a value, `rows` taken at random have none of it. */
function chanceOfNone(all: number, count: number, rows: number): number {
  if (all - count < rows) return 0;
  // Less than a double of 1 can tell.
  if ((count * rows) / all > 40) return 0;
  const ways = logGamma(all - count + 1) - logGamma(all - count - rows + 1);
  return Math.exp(ways - logGamma(all + 1) + logGamma(all - rows + 1));
}

/** What more rows than the baseline has add to its values (Chao 1984, Colwell and others 2012). */
function newBeyond(frequencies: readonly Frequency[], all: number, rows: number): number {
  const once = valuesOf(frequencies, 1);
  const unseen = (once * (once - 1)) / (2 * (valuesOf(frequencies, 2) + 1));
  if (unseen === 0) return 0;
  return unseen * (1 - Math.exp((-rows * once) / (all * unseen)));
}

function valuesOf(frequencies: readonly Frequency[], wanted: number): number {
  return frequencies.reduce((sum, { count, values }) => sum + (count === wanted ? values : 0), 0);
}
