/** What a metric is, and how entries of the table are written. */
import type { Unit } from "../quantities/format.ts";

/** What a metric tells about; tables keep these apart. */
export type MetricTopic =
  /** How long does a message take? */
  | "delay"
  /** How much per second? */
  | "rate"
  /** What arrived? */
  | "delivery"
  /** What went wrong, and who was told? */
  | "loss"
  /** Was the state found? */
  | "state"
  /** How long until all was well again? */
  | "recovery"
  /** Where did the users go? */
  | "spread"
  /** When had everybody heard it? */
  | "fanOut"
  /** What did it cost? */
  | "cost"
  /** What was refused? */
  | "security"
  /** Was the load generator on time? */
  | "generator"
  /** Did every process get its processor core in time? */
  | "machine";

export interface MetricEntry {
  /** As a table heads it, without the unit. */
  readonly title: string;
  readonly unit: Unit;
  readonly topic: MetricTopic;
  /** Which way is better; absent where neither is. */
  readonly better?: "lower" | "higher";
  /** What an experiment that measures it is about: trials are added until its interval is narrow enough. */
  readonly headline?: boolean;
  /** Whether targets are compared by it; some numbers distinguish targets under one kind of load only. */
  readonly compared?: true | "open loop" | "closed loop";
  readonly meaning: string;
  /**
   * What the number is worth in a cell whose limit was the load generator: the target could do at least, or would need at
   * most, this; or nothing can be said. Absent where the generator has no part in it.
   */
  readonly whenGeneratorBound?: "at-least" | "at-most" | "unknown";
  /** Of a ratio of two delays: their names. Where the load generator was late with one, nothing is known of the ratio. */
  readonly ratioOf?: readonly [string, string];
  /** Why a summary may lack it. */
  readonly absence?: string;
  /** A flag that says the number did not come about as in other cells, so that a ratio to them would mislead. */
  readonly notComparedIf?: string;
}

type Row = readonly [name: string, title: string, meaning: string];

/** Entries that differ in name, title and meaning alone. */
export const entries = <const Rows extends readonly Row[]>(
  kind: Omit<MetricEntry, "title" | "meaning">,
  rows: Rows,
): Record<Rows[number][0], MetricEntry> =>
  Object.fromEntries(rows.map(([name, title, meaning]) => [name, { ...kind, title, meaning }])) as Record<
    Rows[number][0],
    MetricEntry
  >;

/** Ratios of the same two delays of a trial, which say nothing where the load generator was late with one of them. */
export const delayRatio = <const Rows extends readonly Row[]>(
  ratioOf: readonly [string, string],
  rows: Rows,
  absence = "too few samples for this percentile",
): Record<Rows[number][0], MetricEntry> =>
  entries({ unit: "ratio", topic: "delay", better: "lower", whenGeneratorBound: "unknown", ratioOf, absence }, rows);

/** The statistics every delay is given with; percentile 100 is the maximum. */
export const delayStatistics = [
  [50, "P50"],
  [90, "P90"],
  [99, "P99"],
  [99.9, "P999"],
  [100, "Max"],
] as const;

export type DelayStatistic = (typeof delayStatistics)[number][1];

/** `roundTripP99Us` for a delay called `roundTrip`. */
export type DelayMetricName<Delay extends string> = `${Delay}${DelayStatistic}Us`;

/** Which delay a metric is a statistic of, and which one: P99 of `roundTrip` for `roundTripP99Us`. */
export function delayStatisticOf(
  metricName: string,
): { readonly delay: string; readonly percentile: number } | undefined {
  const found = delayStatistics.find(([, statistic]) => metricName.endsWith(`${statistic}Us`));
  return found && { delay: metricName.slice(0, -`${found[1]}Us`.length), percentile: found[0] };
}

const statisticTitle = (statistic: DelayStatistic): string => statistic.toLowerCase().replace("p999", "p99.9");

/**
 * One delay in all its statistics. `headline` and `compared` name those of them that are. `generatorBound`: a load
 * generator at its limit makes it longer, so that it is an upper bound there.
 */
export function delays<const Delay extends string>(
  delay: Delay,
  title: string,
  meaning: string,
  {
    headline = [],
    compared = [],
    comparedIn = true,
    generatorBound = true,
    ...kind
  }: Partial<Omit<MetricEntry, "headline" | "compared" | "whenGeneratorBound">> & {
    readonly headline?: readonly DelayStatistic[];
    readonly compared?: readonly DelayStatistic[];
    readonly comparedIn?: NonNullable<MetricEntry["compared"]>;
    readonly generatorBound?: boolean;
  } = {},
): Record<DelayMetricName<Delay>, MetricEntry> {
  const rows = delayStatistics.map(([, statistic]): [string, MetricEntry] => [
    `${delay}${statistic}Us`,
    {
      title: `${title} ${statisticTitle(statistic)}`,
      unit: "us",
      topic: "delay",
      better: "lower",
      meaning,
      absence: "too few samples for this percentile",
      ...kind,
      ...(generatorBound && { whenGeneratorBound: "at-most" }),
      ...(headline.includes(statistic) && { headline: true }),
      ...(compared.includes(statistic) && { compared: comparedIn }),
    },
  ]);
  return Object.fromEntries(rows) as Record<DelayMetricName<Delay>, MetricEntry>;
}
