import { logGamma } from "./chi-square.ts";

const epsilon = 1e-17;

/**
 * The probability that of `trials` with the chance `chance` each at least `hits` succeed; 1 where
 * `hits` is no more than is to be expected. The terms of the sum shrink from there on.
 */
export function binomialTail(hits: number, trials: number, chance: number): number {
  if (hits <= trials * chance) return 1;
  if (hits > trials) return 0;
  const ways = logGamma(trials + 1) - logGamma(hits + 1) - logGamma(trials - hits + 1);
  let term = Math.exp(ways + hits * Math.log(chance) + (trials - hits) * Math.log1p(-chance));
  let sum = term;
  for (let more = hits; more < trials && term > sum * epsilon; more += 1) {
    term *= ((trials - more) / (more + 1)) * (chance / (1 - chance));
    sum += term;
  }
  return Math.min(1, sum);
}
