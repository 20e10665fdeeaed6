/** Two cells set beside each other, as claims do that say what is quicker, dearer or alike. */
import type { Evidence } from "../contract/claim.ts";
import type { Ratio } from "../contract/results.ts";
import { metricNamed } from "../metrics/metrics.ts";
import { formatInterval, formatQuantity } from "../quantities/format.ts";
import { judgeAgainstOne, judgePair, sampleOf } from "../summary/comparison.ts";
import type { Seen } from "./claim.ts";

type Judged = NonNullable<ReturnType<typeof judgePair>>;

export interface Compared {
  readonly of: Seen;
  /** What the interval of the ratio says of the number, whatever is better. */
  readonly direction: Judged["direction"];
  readonly ratio: Ratio;
  /** `1.94× (1.71–2.20)`. */
  readonly words: string;
  /** `1.94×`. */
  readonly inShort: string;
  /** The ratio where both its ends are known, else the two numbers. */
  readonly evidence: readonly Evidence[];
}

/** One number over another, trial by trial; undefined where two bounds leave nothing to say. */
export function compared(of: Seen | undefined, over: Seen | undefined): Compared | undefined {
  if (of === undefined || over === undefined) return undefined;
  const metric = metricNamed(of.evidence.metric);
  const [sample, base] = [sampleOf(of.cell, metric), sampleOf(over.cell, metric)];
  const judged = sample && base && judgePair(metric, sample, base);
  return judged && inWordsOf(judged, of, over);
}

/** A number that is a ratio by itself. */
export function comparedWithOne(of: Seen | undefined): Compared | undefined {
  if (of === undefined) return undefined;
  const metric = metricNamed(of.evidence.metric);
  const sample = sampleOf(of.cell, metric);
  const judged = sample && judgeAgainstOne(metric, sample);
  return judged && inWordsOf(judged, of);
}

function inWordsOf({ direction, ratio }: Judged, of: Seen, over?: Seen): Compared {
  const { value, low, high } = ratio;
  const isWhole = low !== undefined && high !== undefined;
  const ends = isWhole ? { value, low, high } : undefined;
  return {
    of,
    direction,
    ratio,
    inShort: ends === undefined ? openInWords(ratio) : formatQuantity(value, "ratio"),
    words: ends === undefined ? openInWords(ratio) : formatInterval(ends, "ratio"),
    evidence:
      over === undefined
        ? [of.evidence]
        : ends === undefined
          ? [of.evidence, over.evidence]
          : [{ ...of.evidence, over: over.evidence.what, ...ends }],
  };
}

function openInWords({ value, low, high }: Ratio): string {
  if (low !== undefined) return `at least ${formatQuantity(low, "ratio")}`;
  return high === undefined ? `about ${formatQuantity(value, "ratio")}` : `at most ${formatQuantity(high, "ratio")}`;
}

/** Of numbers that were counted: how far apart they are at least and at most. */
export const apart = (of: Seen, over: Seen): { readonly low: number; readonly high: number } => ({
  low: of.low / over.high,
  high: of.high / over.low,
});
