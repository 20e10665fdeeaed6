import type { Trial } from "../contract/results.ts";
import {
  carries,
  dispatchOf,
  percentileUs,
  pooledDelay,
  type RecordedDelay,
  recordedDelay,
  sampleCount,
} from "../recording/delays.ts";

/** One delay as all trials of a cell recorded it. */
export interface TrialDelays {
  readonly trials: readonly RecordedDelay[];
  /** Of all messages of all trials. */
  readonly pooled: RecordedDelay;
}

/** The delays of a cell's trials, each decoded once. */
export class RecordedDelays {
  readonly #trials: readonly Pick<Trial, "windows" | "histograms">[];
  readonly #known = new Map<string, TrialDelays | undefined>();

  constructor(trials: readonly Pick<Trial, "windows" | "histograms">[]) {
    this.#trials = trials;
  }

  /** Undefined unless every trial recorded it. */
  of(delay: string): TrialDelays | undefined {
    return this.#once(delay, (trial) => recordedDelay(trial, delay));
  }

  /** How late the load generator was with its messages; undefined where no schedule says. */
  dispatchOf(delay: string): TrialDelays | undefined {
    return this.#once(`dispatch of ${delay}`, (trial) => dispatchOf(trial, delay));
  }

  #once(key: string, read: (trial: Pick<Trial, "windows" | "histograms">) => RecordedDelay | undefined) {
    if (!this.#known.has(key)) {
      const trials = this.#trials.flatMap((trial) => read(trial) ?? []);
      const pooled = trials.length < this.#trials.length ? undefined : pooledDelay(trials);
      this.#known.set(key, pooled && { trials, pooled });
    }
    return this.#known.get(key);
  }
}

/** Of all messages together; undefined where too few carry it, infinite where too many never came. */
export const pooledUs = ({ pooled }: TrialDelays, percentile: number): number | undefined =>
  carries(pooled, percentile) ? percentileUs(pooled, percentile) : undefined;

/** Of each trial by itself, however few its samples: a percentile of all together lies between the lowest and the highest. */
export const trialsUs = ({ trials }: TrialDelays, percentile: number): number[] =>
  trials.flatMap((trial) => percentileUs(trial, percentile) ?? []);

/** Why a percentile is infinite. */
export const neverBecause = ({ pooled }: TrialDelays): string =>
  `${pooled.neverCame} of ${sampleCount(pooled)} messages never came: they count as infinitely late, and this percentile is among them`;
