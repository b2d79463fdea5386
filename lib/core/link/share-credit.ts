/**
 * Divides what a worker may hold among the gateways linked to it.
 *
 * 1. Everybody keeps a little, so that a gateway that has been idle can start; together no more
 *    than half.
 * 2. Whoever came to the end of its credit wants as much as there is; whoever did not, a little
 *    more than it used.
 * 3. Those who want least are served first, and what they leave is the others' (max-min fairness).
 *    What nobody wants goes in equal parts to those that are not idle.
 */
export type Demand = {
  /** The most of the whole that was in use lately, from 0 to 1. */
  readonly used: number;
  /** It had used up what it was granted. */
  readonly isShort: boolean;
};

/** Use varies from one moment to the next. */
const headroom = 1.25;

/**
 * The share of each, in the order given. They add up to 1 unless everybody is idle; one alone has
 * all. `least` is what everybody keeps, where there is enough.
 */
export function shareCredit(demands: readonly Demand[], least: number): number[] {
  if (demands.length <= 1) return demands.map(() => 1);
  const floor = Math.min(least, 1 / (2 * demands.length));
  const wanted = demands.map(({ used, isShort }) =>
    isShort ? 1 : Math.min(1, Math.max(floor, used * headroom)),
  );
  const level = waterLevel(wanted);
  const shares = wanted.map((want) => Math.min(want, level));
  const left = 1 - shares.reduce((sum, share) => sum + share, 0);
  const active = demands.map(({ used, isShort }) => isShort || used > 0);
  const count = active.filter(Boolean).length;
  return shares.map((share, at) =>
    active[at] === true ? share + Math.max(0, left) / count : share,
  );
}

/** The most that anybody gets when each gets what it wants and all of them no more than 1. */
function waterLevel(wanted: readonly number[]): number {
  let left = 1;
  let others = wanted.length;
  for (const want of wanted.toSorted((one, other) => one - other)) {
    if (want * others > left) return left / others;
    left -= want;
    others -= 1;
  }
  return 1;
}
