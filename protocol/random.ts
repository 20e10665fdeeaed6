/**
 * Seeded randomness, so that a run can be repeated: mulberry32, 32 bits of state, uniform in [0, 1). The state starts
 * from all parts of the seed mixed (the finaliser of MurmurHash3), since neighbouring states begin alike.
 */
export function seededRandom(...seed: readonly number[]): () => number {
  let state = 0x9e3779b9;
  for (const part of seed) state = finalise(state ^ part) + 0x85ebca6b;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function finalise(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** A new array in random order (Fisher-Yates). */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
