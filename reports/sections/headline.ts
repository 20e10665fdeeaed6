/** What a comparison teaches a reader in a hurry: only what the trials support. */
import { type MetricName, metricNamed } from "../../results/metrics/metrics.ts";
import { formatList, formatQuantity, plural } from "../../results/quantities/format.ts";
import { comparedIn } from "../../results/summary/comparison.ts";
import { signOf } from "../../results/summary/estimate.ts";
import { blocks, bullets, escapeText } from "../text/markdown.ts";
import { slowedByOtherDirection } from "../view/interference.ts";
import { pairsOf, type Ranked, type Ranking, rankTargets, trialsToRankMin } from "../view/ranking.ts";
import { comparisonOf } from "../view/shown-estimate.ts";
import { timesInWords, withinInWords } from "../view/verdict-in-words.ts";
import { isFloor, type ReportView, referenceTitle, type TargetRow } from "../view/view.ts";

interface Dimension {
  readonly title: string;
  readonly scenario: string;
  readonly metric: MetricName;
}

const dimensions: readonly Dimension[] = [
  { title: "Latency (echo, p50 from the schedule)", scenario: "echo", metric: "scheduledP50Us" },
  { title: "Tail latency (echo, p99 from the schedule)", scenario: "echo", metric: "scheduledP99Us" },
  { title: "Throughput (closed loop)", scenario: "throughput", metric: "achievedRatePerSecond" },
  { title: "Duplex, uplink (one-way p50, both directions busy)", scenario: "duplex", metric: "uplinkP50Us" },
  { title: "Duplex, downlink (one-way p50, both directions busy)", scenario: "duplex", metric: "downlinkP50Us" },
  { title: "Bytes on the wire (per round trip)", scenario: "echo", metric: "wireBytesPerMessage" },
  { title: "Server CPU (per message, echo)", scenario: "echo", metric: "serverCpuUsPerMessage" },
  { title: "Memory (per idle connection)", scenario: "idle", metric: "memoryBytesPerConnection" },
];

/** Undefined where nothing that was measured is compared. */
export function comparisonHeadline(view: ReportView): string | undefined {
  const compared = view.rows.filter(({ cells }) => [...cells.values()].some((cell) => comparedIn(cell).length > 0));
  return compared.length === 0 ? undefined : blocks(howToRead(view, compared.length), statements(view));
}

function howToRead({ trials, reference }: ReportView, compared: number): string {
  if (trials === 1) {
    return "One trial has no spread, so this run supports no ranking: the tables show a single observation.";
  }
  if (trials < trialsToRankMin) {
    return `Two trials are too few to tell a difference from chance: intervals and rankings need at least ${trialsToRankMin} (\`--trials\`).`;
  }
  if (compared < 2) return "With one target there is nothing to compare.";
  const against =
    reference === undefined
      ? ""
      : ` Ratios are to ${escapeText(reference.name)}${isFloor(reference) ? ", the floor" : ""}.`;
  return `Below, only differences that are sure are stated ([method](#method-and-limits)). **Equal** means within 25 %; what ${plural(trials, "trial")} each cannot tell, more trials may.${against}`;
}

function statements(view: ReportView): string | undefined {
  if (view.trials < trialsToRankMin || view.rows.length < 2) return undefined;
  const pairs = pairsOf(view);
  const lines = dimensions.flatMap((dimension) => {
    const ranking = rankTargets(view, pairs, dimension.scenario, dimension.metric);
    return ranking.entries.length === 0 ? [] : [`**${dimension.title}:** ${statement(view, dimension, ranking)}`];
  });
  return bullets([...lines, ...interference(view)]);
}

/** The order of a dimension, or that there is none. */
function statement(view: ReportView, dimension: Dimension, ranking: Ranking): string {
  const describe = (entries: readonly Ranked[]) => describeEntries(view, dimension, entries);
  const { entries } = ranking;
  if (entries.length === 1) {
    const others = view.rows.filter((row) => row !== view.reference).length - 1;
    return `${describe(entries)}${others > 0 ? "; no other target has numbers to rank" : ""}.`;
  }
  const names = (group: readonly Ranked[]) => escapeText(formatList(group.map(({ row }) => row.name)));
  if (ranking.equal) return `${names(entries)} are equal.`;
  const ends = [
    { word: "lowest", sure: ranking.lowest, perhaps: ranking.perhapsLowest },
    { word: "highest", sure: ranking.highest, perhaps: ranking.perhapsHighest },
  ].filter(({ sure }) => sure.length > 0);
  if (ends.length === 0) {
    const bounded = entries.filter(({ bound }) => bound !== undefined);
    const limit = `, as the load generator was the limit of ${names(bounded)}`;
    return `${names(entries)} cannot be told apart${bounded.length > 0 ? limit : ""}.`;
  }
  const { better } = metricNamed(dimension.metric);
  const told = ends.map(({ word, sure, perhaps }) => {
    const unsure = perhaps.length === 0 ? "" : `, not told from ${names(perhaps)}`;
    return `${word} ${describe(sure)}${unsure}`;
  });
  return `${(better === "higher" ? told.reverse() : told).join("; ")}.`;
}

function describeEntries(view: ReportView, dimension: Dimension, entries: readonly Ranked[]): string {
  const texts = entries.map((entry) => {
    const { unit } = metricNamed(dimension.metric);
    const value = `${signOf(entry.bound)}${formatQuantity(entry.interval.value, unit)}`;
    return `${escapeText(entry.row.name)} (${[value, ...besideReference(view, dimension, entry.row)].join(", ")})`;
  });
  return entries.length < 2 ? texts.join("") : `${formatList(texts)}, equal to each other`;
}

function besideReference(view: ReportView, { scenario, metric }: Dimension, row: TargetRow): string[] {
  const comparison = comparisonOf(view, row, scenario, metric);
  if (comparison === undefined) return [];
  const { verdict, bound, ratio } = comparison;
  const title = escapeText(referenceTitle(view));
  if (verdict === "equal") return [`${withinInWords(ratio)} of ${title}`];
  if (verdict === "cannot-tell") return [`${timesInWords(ratio)} ${title}`];
  return [`${signOf(bound)}${formatQuantity(ratio.value, "ratio")} ${title}`];
}

/** Which targets the other direction slows down. */
function interference(view: ReportView): string[] {
  const known = slowedByOtherDirection(view);
  if (known.length === 0) return [];
  const slowed = known.filter(({ slowedBy }) => slowedBy !== undefined);
  const byRow = Map.groupBy(slowed, ({ row }) => row);
  const texts = [...byRow].map(([row, found]) => {
    const directions = found.map(({ direction, slowedBy }) => `${direction} ${formatQuantity(slowedBy!, "ratio")}`);
    return `${escapeText(row.name)} (${directions.join(", ")})`;
  });
  const found =
    texts.length === 0
      ? "no direction is significantly slowed by the other"
      : `slowed by the other direction: ${formatList(texts)}`;
  return [`**Duplex, interference (p50 together over alone):** ${found}.`];
}
