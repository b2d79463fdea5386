/**
 * The chi-square distribution through the regularized incomplete gamma function: P(χ² > x) with k
 * degrees of freedom is Q(k/2, x/2). The formulas are those of the NIST Digital Library of
 * Mathematical Functions (DLMF).
 */
const epsilon = 1e-16;
const tiny = 1e-300;
// The slowest converge within a few times the root of the degrees, which a histogram's bins bound.
const termsMax = 10_000;

/**
 * The value that a chi-square variable with `degrees` of freedom exceeds with probability `tail`,
 * to about twelve digits. Starts from the approximation of Wilson and Hilferty (1931) and follows
 * Newton's method, inside a bracket, because far tails are curved enough to throw a step out of the
 * domain.
 */
export function chiSquareCritical(degrees: number, tail: number): number {
  if (degrees <= 0) return 0;
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  let value = wilsonHilferty(degrees, tail);
  for (let round = 0; round < 100; round += 1) {
    const excess = chiSquareTail(degrees, value) - tail;
    if (excess > 0) low = value;
    else high = value;
    const step = excess / density(degrees, value);
    const aimed = value + step;
    // Each step squares the error, so that the one after this would be lost in rounding.
    if (Math.abs(step) <= 1e-8 * value) return aimed;
    const isInside = aimed > low && aimed < high;
    value = isInside ? aimed : middle(low, high, value);
  }
  return value;
}

/** The probability that a chi-square variable with `degrees` of freedom exceeds `value`. */
export function chiSquareTail(degrees: number, value: number): number {
  return upperGamma(degrees / 2, value / 2);
}

function wilsonHilferty(degrees: number, tail: number): number {
  const spread = 2 / (9 * degrees);
  const cube = (1 - spread + normalCritical(tail) * Math.sqrt(spread)) ** 3;
  return degrees * Math.max(cube, 1e-3);
}

function middle(low: number, high: number, value: number): number {
  return high === Number.POSITIVE_INFINITY ? value * 2 : (low + high) / 2;
}

/** DLMF 8.8.13: the slope of Q(k/2, x/2), without its sign. */
function density(degrees: number, value: number): number {
  const half = degrees / 2;
  return Math.exp((half - 1) * Math.log(value / 2) - value / 2 - logGamma(half)) / 2;
}

/** Q(a, x). */
function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  return x < a + 1 ? 1 - scale * lowerSeries(a, x) : scale * upperFraction(a, x);
}

/** The sum of DLMF 8.7.1, which converges fast where x is below a. */
function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < termsMax && term > sum * epsilon; n += 1) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

/** The continued fraction of DLMF 8.9.2, even part, from the top down by the method of Lentz. */
function upperFraction(a: number, x: number): number {
  let base = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / base;
  let fraction = d;
  for (let n = 1; n < termsMax; n += 1) {
    const coefficient = -n * (n - a);
    base += 2;
    d = 1 / awayFromZero(coefficient * d + base);
    c = awayFromZero(base + coefficient / c);
    fraction *= c * d;
    if (Math.abs(c * d - 1) < epsilon) break;
  }
  return fraction;
}

function awayFromZero(value: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

/** DLMF 5.11.1 (Stirling), after moving the argument to where eight terms are exact to a double. */
export function logGamma(value: number): number {
  let shift = 0;
  let z = value;
  for (; z < 16; z += 1) shift += Math.log(z);
  const inverse = 1 / (z * z);
  const series = [1 / 156, -691 / 360_360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12];
  const correction = series.reduce((sum, coefficient) => sum * inverse + coefficient, 0) / z;
  return (z - 0.5) * Math.log(z) - z + Math.log(2 * Math.PI) / 2 + correction - shift;
}

/** Abramowitz and Stegun 26.2.23: within 4.5e-4, which a starting point may be off by. */
function normalCritical(tail: number): number {
  const isUpper = tail < 0.5;
  const t = Math.sqrt(-2 * Math.log(isUpper ? tail : 1 - tail));
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  const value = t - above / below;
  return isUpper ? value : -value;
}
