/** Scores with what came of them. */
export type ScoredLabels = {
  /** Probabilities the model gave. */
  readonly scores: Float64Array;
  /** 1 where the row is of the class, else 0. */
  readonly labels: Uint8Array;
};

/** Knots of a rising line by ascending score; plain data. */
export type Calibrator = { readonly scores: Float64Array; readonly values: Float64Array };

/** Neighbours whose labels are one sum; `low` and `high` are their lowest and highest score. */
type Block = { readonly low: number; high: number; rows: number; hits: number };

/** Of more distinct scores neighbours are taken together first: a calibrator has twice as many. */
const groupsMax = 512;

/**
 * Isotonic regression of labels on scores by pooling adjacent violators (Ayer and others 1955): of
 * all rising functions the one with the least squared error. Between blocks it is a straight line,
 * as in scikit-learn. Undefined without rows.
 */
export function fitIsotonic(rows: ScoredLabels): Calibrator | undefined {
  const pooled: Block[] = [];
  for (const group of groupsOf(rows)) {
    let last = group;
    for (;;) {
      const before = pooled.at(-1);
      if (before === undefined || before.hits * last.rows < last.hits * before.rows) break;
      pooled.pop();
      last = join(before, last);
    }
    pooled.push(last);
  }
  const knots = pooled.flatMap(({ low, high, rows: count, hits }) => {
    const value = hits / count;
    return low === high ? [{ score: low, value }] : [low, high].map((score) => ({ score, value }));
  });
  if (knots.length === 0) return undefined;
  return {
    scores: Float64Array.from(knots, ({ score }) => score),
    values: Float64Array.from(knots, ({ value }) => value),
  };
}

/** The probability that a score stands for; beyond the knots that of the nearest. */
export function calibrate({ scores, values }: Calibrator, score: number): number {
  let [low, high] = [0, scores.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((scores[middle] as number) < score) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return values[0] as number;
  if (low === scores.length) return values[low - 1] as number;
  const [left, right] = [scores[low - 1] as number, scores[low] as number];
  const [from, to] = [values[low - 1] as number, values[low] as number];
  return from + ((to - from) * (score - left)) / (right - left);
}

/** By ascending score. Equal scores are never parted. */
function groupsOf({ scores, labels }: ScoredLabels): Block[] {
  const order = Uint32Array.from(scores.keys()).sort(
    (one, two) => (scores[one] as number) - (scores[two] as number),
  );
  const distinct: Block[] = [];
  for (const row of order) {
    const score = scores[row] as number;
    const last = distinct.at(-1);
    const hit = labels[row] as number;
    if (last?.high === score) {
      last.rows += 1;
      last.hits += hit;
    } else distinct.push({ low: score, high: score, rows: 1, hits: hit });
  }
  return distinct.length <= groupsMax ? distinct : thinned(distinct, scores.length / groupsMax);
}

/** Joins neighbours until each group but the last has so many rows. */
function thinned(blocks: readonly Block[], rowsMin: number): Block[] {
  const groups: Block[] = [];
  for (const block of blocks) {
    const last = groups.at(-1);
    if (last === undefined || last.rows >= rowsMin) groups.push(block);
    else groups[groups.length - 1] = join(last, block);
  }
  return groups;
}

function join(one: Block, two: Block): Block {
  const [rows, hits] = [one.rows + two.rows, one.hits + two.hits];
  return { low: one.low, high: two.high, rows, hits };
}
