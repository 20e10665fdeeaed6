/** Derivatives of the logarithm of the gamma function, for positive arguments (Abramowitz and Stegun, 6.3 and 6.4). */

/** First derivative. */
export function digamma(x: number): number {
  let shift = 0;
  let at = x;
  for (; at < 10; at++) shift -= 1 / at;
  const square = 1 / at ** 2;
  return (
    shift + Math.log(at) - 1 / (2 * at) - square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square / 240)))
  );
}

/** Second derivative. */
export function trigamma(x: number): number {
  let shift = 0;
  let at = x;
  for (; at < 10; at++) shift += 1 / at ** 2;
  const square = 1 / at ** 2;
  return shift + 1 / at + square / 2 + (square / at) * (1 / 6 - square * (1 / 30 - square * (1 / 42 - square / 30)));
}

/** Where the second derivative, which falls everywhere, has this positive value. */
export function inverseTrigamma(value: number): number {
  let low = 1e-8;
  let high = 1;
  while (trigamma(high) > value) high *= 2;
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (trigamma(middle) > value) low = middle;
    else high = middle;
  }
  return high;
}
