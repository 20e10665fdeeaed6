/**
 * How often a program is woken up by what arrives for it. One that is at rest is woken up by each arrival; one that runs, or
 * waits for a processor, takes what has come meanwhile in its turn, so that of arrivals at random only those that meet it
 * at rest, a share of 1 - awake, wake it up (Poisson arrivals see time averages: Wolff, 1982). And what comes through others that
 * are awake comes in batches, the larger the more there is: wake-ups per second end at some number.
 */
import { seededRandom } from "../../protocol/random.ts";
import { dot, fitNonNegative, inflated } from "./non-negative-fit.ts";

/** wake-ups = arrivals × (1 - awake) ÷ (1 + arrivals ÷ `perSecondMax`), arrivals = `perArrival` · rates. */
export interface WakeUpLaw {
  /** Wake-ups by one arrival of each kind, at rest. */
  readonly perArrival: readonly number[];
  /** Infinity where no end was seen. */
  readonly perSecondMax: number;
}

/** All per second. */
export interface WakeUps {
  readonly rates: readonly number[];
  readonly wakeUps: number;
  /** Share of the time, from 0 to 1, in which the program ran or waited for a processor. */
  readonly awake: number;
}

export const wakeUpsOf = ({ perArrival, perSecondMax }: WakeUpLaw, rates: readonly number[], awake: number): number => {
  const arrivals = dot(perArrival, rates);
  return (arrivals * (1 - awake)) / (1 + arrivals / perSecondMax);
};

/** As multiples of the most wake-ups that were seen. */
const ends = [1.05, 1.25, 1.75, 3, 8, Number.POSITIVE_INFINITY];

/** Undefined for too few rows. The law, and what else it might have come out as. */
export function fitWakeUps(
  rows: readonly WakeUps[],
  resamples: number,
): { readonly law: WakeUpLaw; readonly draws: readonly WakeUpLaw[] } | undefined {
  const law = bestLaw(rows);
  if (law === undefined) return undefined;
  const fitted = rows.map(({ rates, awake }) => wakeUpsOf(law, rates, awake));
  const residuals = inflated(
    rows.map(({ wakeUps }, row) => (fitted[row]! > 0 ? wakeUps / fitted[row]! - 1 : 0)),
    law.perArrival.length + 1,
  );
  const random = seededRandom(2);
  const draws = Array.from({ length: resamples }, () => {
    const resampled = rows.map((row, index) => ({
      ...row,
      wakeUps: fitted[index]! * Math.max(0.01, 1 + residuals[Math.floor(random() * residuals.length)]!),
    }));
    return bestLaw(resampled) ?? law;
  });
  return { law, draws };
}

function bestLaw(rows: readonly WakeUps[]): WakeUpLaw | undefined {
  const seen = Math.max(...rows.map(({ wakeUps, awake }) => wakeUps / (1 - Math.min(awake, awakeMax))));
  let best: { law: WakeUpLaw; misfit: number } | undefined;
  for (const end of ends) {
    const law = lawWithEnd(rows, seen * end);
    if (law === undefined) continue;
    const misfit = rows.reduce((sum, { rates, wakeUps, awake }) => {
      const fitted = wakeUpsOf(law, rates, Math.min(awake, awakeMax));
      return sum + ((wakeUps - fitted) / (wakeUps + fitted + 1)) ** 2;
    }, 0);
    if (best === undefined || misfit < best.misfit) best = { law, misfit };
  }
  return best?.law;
}

/** A window in which a program seemed busier than that says nothing of what would have woken it up. */
const awakeMax = 0.95;

/** Once the end is known, wake-ups tell the arrivals behind them, and these are a sum. */
function lawWithEnd(rows: readonly WakeUps[], perSecondMax: number): WakeUpLaw | undefined {
  const sums = rows.map(({ rates, wakeUps, awake }) => ({
    xs: rates,
    y: wakeUps / (1 - Math.min(awake, awakeMax) - wakeUps / perSecondMax),
  }));
  const fit = fitNonNegative(sums, { floor: 1, resamples: 0 });
  return fit && { perArrival: fit.coefficients, perSecondMax };
}
