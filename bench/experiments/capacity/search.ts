/** The knee search: the highest offered rate at which a target still meets an objective. Pure; the probe measures. */

/** One rate tried. */
export interface CapacityProbe {
  readonly ratePerSecond: number;
  readonly achievedRatePerSecond: number;
  /** The objective's percentile, from the schedule. */
  readonly delayUs?: number;
  readonly outcome: "held" | "missed" | "generator-bound";
  /** Why it did not hold, where not by its delay. */
  readonly reason?: string;
  /** A second run at a rate that held. */
  readonly confirms?: boolean;
}

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
  probesMax: 30,
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
 * scale, then confirms the best rate with a second run; where that misses, the search goes on below it: one lucky
 * window is no capacity. Yields the rate to try and is handed what came of it, or `undefined` to end the search early.
 */
export function* searchCapacity(limits: SearchLimits): Generator<number, SearchResult, CapacityProbe | undefined> {
  const probes: CapacityProbe[] = [];
  let rate = limits.startRatePerSecond;
  while (probes.length < limits.probesMax) {
    const confirms = probes.some(({ ratePerSecond }) => ratePerSecond === rate);
    const result = yield rate;
    if (result === undefined) break;
    probes.push(confirms ? { ...result, confirms } : result);
    const { best, worst } = bracket(probes);
    if (confirms && result.outcome === "held") {
      return { ratePerSecond: rate, atLeast: !boundedByTarget(probes, rate, limits), probes };
    }
    const next = nextRate(best, worst, limits);
    if (next === undefined && best === 0) break;
    rate = next ?? best;
  }
  return { ratePerSecond: 0, atLeast: false, probes };
}

/** The lowest rate that did not hold, and the highest below it whose last run did. */
function bracket(probes: readonly CapacityProbe[]): { best: number; worst: number } {
  const last = new Map(probes.map((probe) => [probe.ratePerSecond, probe.outcome]));
  const rates = [...last.keys()];
  const worst = Math.min(Number.POSITIVE_INFINITY, ...rates.filter((rate) => last.get(rate) !== "held"));
  const best = Math.max(0, ...rates.filter((rate) => rate < worst && last.get(rate) === "held"));
  return { best, worst };
}

/** Undefined when the gap is closed, or there is nothing left to try. */
function nextRate(best: number, worst: number, limits: SearchLimits): number | undefined {
  if (worst === Number.POSITIVE_INFINITY) {
    return best >= limits.ratePerSecondMax ? undefined : Math.min(best * 2, limits.ratePerSecondMax);
  }
  if (best === 0) return worst <= ratePerSecondMin ? undefined : Math.max(ratePerSecondMin, worst / 2);
  // Three digits are read more easily than nine, and are finer than the resolution.
  return worst / best <= limits.resolution ? undefined : Number(Math.sqrt(best * worst).toPrecision(3));
}

/** Whether the lowest rate above that did not hold missed by the target's doing. */
function boundedByTarget(probes: readonly CapacityProbe[], rate: number, { resolution }: SearchLimits): boolean {
  const above = probes.filter(({ outcome, ratePerSecond }) => outcome !== "held" && ratePerSecond > rate);
  const lowest = above.sort((a, b) => a.ratePerSecond - b.ratePerSecond)[0];
  return lowest?.outcome === "missed" && lowest.ratePerSecond / rate <= resolution * 1.01;
}
