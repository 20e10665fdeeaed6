/**
 * Adjusts probabilities of false alarm for being many (Holm, "A simple sequentially rejective multiple test
 * procedure", 1979): calling those below 0.05 gives a single false call or more in at most 5 % of runs.
 */
export function holmAdjusted(probabilities: readonly number[]): number[] {
  const order = probabilities.map((_, index) => index).sort((a, b) => probabilities[a]! - probabilities[b]!);
  const adjusted = new Array<number>(probabilities.length);
  let highest = 0;
  for (const [position, index] of order.entries()) {
    highest = Math.max(highest, Math.min(1, probabilities[index]! * (probabilities.length - position)));
    adjusted[index] = highest;
  }
  return adjusted;
}
