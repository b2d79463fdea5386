/**
 * What features look like, as functions of a normal variable. A shift of δ moves numbers by δ of
 * their standard deviations; values that are counts, zeros or categories cannot move by fractions:
 * there the normal variable moves by δ, which makes higher ones more frequent.
 */
export type Distribution = {
  readonly name: string;
  readonly about: string;
} & (
  | { readonly type: "number"; readonly numberOf: (normal: number, shift: number) => number }
  | {
      readonly type: "category";
      readonly categories: readonly string[];
      /** The place among them. */
      readonly codeOf: (normal: number, shift: number) => number;
    }
);

const lognormalSd = Math.sqrt((Math.E - 1) * Math.E);
const uniformSd = Math.sqrt(1 / 12);

export const distributions: readonly Distribution[] = [
  {
    name: "normal",
    about: "standard normal",
    type: "number",
    numberOf: (normal, shift) => normal + shift,
  },
  {
    name: "lognormal",
    about: "lognormal, σ of the logarithm 1",
    type: "number",
    numberOf: (normal, shift) => Math.exp(normal) + shift * lognormalSd,
  },
  {
    name: "uniform",
    about: "uniform",
    type: "number",
    numberOf: (normal, shift) => normalShare(normal) + shift * uniformSd,
  },
  {
    name: "counts",
    about: "Poisson with mean 3",
    type: "number",
    numberOf: steps(cumulated(poissonShares(3, 16))),
  },
  {
    name: "zeros",
    about: "60 % zeros, the rest lognormal",
    type: "number",
    numberOf: (normal, shift) => (normal + shift < zerosBelow ? 0 : Math.exp(normal + shift)),
  },
  categories("3 categories", "60, 30 and 10 %", [0.6, 0.3, 0.1]),
  categories("20 categories", "shares as 1/k, from 28 % to 1.4 %", harmonicShares(20)),
];

function categories(name: string, about: string, shares: readonly number[]): Distribution {
  const names = shares.map((_, place) => `category ${place + 1}`);
  return { name, about, type: "category", categories: names, codeOf: steps(cumulated(shares)) };
}

/** Which of the parts of a normal variable's range, cut at `shares`, a moved value falls into. */
function steps(shares: readonly number[]): (normal: number, shift: number) => number {
  const cuts = shares.slice(0, -1).map(normalQuantile);
  return (normal, shift) => {
    let step = 0;
    while (step < cuts.length && normal + shift >= (cuts[step] as number)) step += 1;
    return step;
  };
}

function cumulated(shares: readonly number[]): number[] {
  let sum = 0;
  return shares.map((share) => {
    sum += share;
    return sum;
  });
}

/** Of 0 … count − 1. */
function poissonShares(mean: number, count: number): number[] {
  const shares = [Math.exp(-mean)];
  while (shares.length < count) shares.push(((shares.at(-1) ?? 0) * mean) / shares.length);
  return shares;
}

function harmonicShares(count: number): number[] {
  const weights = Array.from({ length: count }, (_, place) => 1 / (place + 1));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** The share of a standard normal below `value`, to 1e-7 (Abramowitz and Stegun 26.2.17). */
function normalShare(value: number): number {
  const t = 1 / (1 + 0.231_641_9 * Math.abs(value));
  const density = Math.exp((-value * value) / 2) / Math.sqrt(2 * Math.PI);
  const series =
    0.319_381_53 +
    t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429)));
  const tail = density * t * series;
  return value >= 0 ? 1 - tail : tail;
}

/** The inverse, by halving. */
function normalQuantile(share: number): number {
  let low = -10;
  let high = 10;
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < share) low = middle;
    else high = middle;
  }
  return low;
}

const zerosBelow = normalQuantile(0.6);
