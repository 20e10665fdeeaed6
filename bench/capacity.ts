/** The knee search: the highest offered rate at which a target still meets an objective. Pure; the probe measures. */
import type { CapacityProbe } from "../reports/results.ts";

export interface SearchLimits {
  /** First rate tried, in messages per second. */
  readonly startRatePerSecond: number;
  /** Never offered more; reaching it ends the search with a lower bound. */
  readonly ratePerSecondMax: number;
  /** The search ends when the lowest rate that missed is within this factor of the highest that held. */
  readonly resolution: number;
  readonly probesMax: number;
}

export const defaultSearchLimits: SearchLimits = {
  startRatePerSecond: 1000,
  ratePerSecondMax: 200_000,
  resolution: 1.1,
  probesMax: 20,
};

export interface SearchResult {
  /** Highest rate that held, twice; 0 if none did. */
  readonly ratePerSecond: number;
  /** The target could carry more: the load generator, the greatest rate or the number of probes was the limit. */
  readonly atLeast: boolean;
  /** Everything tried, in order. */
  readonly probes: readonly CapacityProbe[];
}

const ratePerSecondMin = 1;

/**
 * Doubles the rate until the objective is missed (or halves it until it is met), then halves the gap on a logarithmic
 * scale, then confirms the best rate with a second run, stepping down where that misses: one lucky window is no
 * capacity. `probe` resolves undefined to end the search early, with what is known.
 */
export async function searchCapacity(
  probe: (ratePerSecond: number) => Promise<CapacityProbe | undefined>,
  limits: SearchLimits,
): Promise<SearchResult> {
  const probes: CapacityProbe[] = [];
  const held = (): number[] => probes.filter(({ outcome }) => outcome === "held").map(rateOf);
  const best = (): number => Math.max(0, ...held());
  const worst = (): number =>
    Math.min(Number.POSITIVE_INFINITY, ...probes.filter(({ outcome }) => outcome !== "held").map(rateOf));

  for (let rate = limits.startRatePerSecond; probes.length < limits.probesMax; ) {
    const result = await probe(rate);
    if (result === undefined) break;
    probes.push(result);
    const next = nextRate(rate, best(), worst(), limits);
    if (next === undefined) break;
    rate = next;
  }

  for (const rate of [...new Set(held())].sort((a, b) => b - a)) {
    const confirmation = await probe(rate);
    if (confirmation === undefined) break;
    probes.push({ ...confirmation, confirms: true });
    if (confirmation.outcome !== "held") continue;
    return { ratePerSecond: rate, atLeast: !boundedByTarget(probes, rate, limits), probes };
  }
  return { ratePerSecond: 0, atLeast: false, probes };
}

const rateOf = ({ ratePerSecond }: CapacityProbe): number => ratePerSecond;

/** Undefined when the gap is closed. A non-monotonic target is searched below its lowest miss. */
function nextRate(rate: number, best: number, worst: number, limits: SearchLimits): number | undefined {
  if (worst === Number.POSITIVE_INFINITY) {
    return rate >= limits.ratePerSecondMax ? undefined : Math.min(rate * 2, limits.ratePerSecondMax);
  }
  const floor = best < worst ? best : 0;
  if (floor === 0) return worst <= ratePerSecondMin ? undefined : Math.max(ratePerSecondMin, worst / 2);
  return worst / floor <= limits.resolution ? undefined : Math.round(Math.sqrt(floor * worst));
}

/** Whether the lowest rate above that did not hold missed by the target's doing, close enough to bound it. */
function boundedByTarget(probes: readonly CapacityProbe[], rate: number, { resolution }: SearchLimits): boolean {
  const above = probes.filter(({ outcome, ratePerSecond }) => outcome === "missed" && ratePerSecond >= rate);
  return above.some(({ ratePerSecond }) => ratePerSecond / rate <= resolution * resolution);
}
