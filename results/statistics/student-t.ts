/**
 * Student's t distribution (Student, "The probable error of a mean", Biometrika 1908): how far the mean of a few
 * trials may lie from the truth when the spread is known only from those trials.
 */

/** Probability that |t| is at least this large by chance. `degreesOfFreedom` may be any positive number. */
export function twoSidedTail(t: number, degreesOfFreedom: number): number {
  if (t === 0) return 1;
  const x = degreesOfFreedom / (degreesOfFreedom + t * t);
  return regularizedBeta(x, degreesOfFreedom / 2, 0.5);
}

/** The |t| that chance stays within with this probability: 4.303 for 0.95 and 2 degrees of freedom. */
export function twoSidedQuantile(level: number, degreesOfFreedom: number): number {
  const tail = 1 - level;
  let t = 0;
  // The tail falls and flattens, so Newton's steps from 0 never go too far; they end where rounding does.
  for (let step = 0; step < 200; step++) {
    const next = t + (twoSidedTail(t, degreesOfFreedom) - tail) / (2 * density(t, degreesOfFreedom));
    if (!(next > t * (1 + 1e-14))) break;
    t = next;
  }
  return t;
}

function density(t: number, degreesOfFreedom: number): number {
  const half = degreesOfFreedom / 2;
  const height = Math.exp(logGamma(half + 0.5) - logGamma(half)) / Math.sqrt(Math.PI * degreesOfFreedom);
  return height * Math.exp(-(half + 0.5) * Math.log1p((t * t) / degreesOfFreedom));
}

/** I_x(a, b) by Lentz's continued fraction (Press et al., Numerical Recipes, section 6.4). */
function regularizedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  // The fraction converges fast on one side of the mode; symmetry gives the other.
  return x < (a + 1) / (a + b + 2)
    ? (front * continuedFraction(x, a, b)) / a
    : 1 - (front * continuedFraction(1 - x, b, a)) / b;
}

function continuedFraction(x: number, a: number, b: number): number {
  const away = (value: number): number => (Math.abs(value) < 1e-300 ? 1e-300 : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= 1000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return result;
}

const lanczos = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** Logarithm of the gamma function for positive arguments (Lanczos 1964, g = 7). */
function logGamma(z: number): number {
  if (z < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * z)) - logGamma(1 - z);
  const shifted = z - 1;
  const base = shifted + 7.5;
  const sum = lanczos.reduce((total, factor, index) => total + factor / (shifted + index + 1), 0.99999999999980993);
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(sum);
}
