/** The targets of a run side by side, and what their differences are worth. */
import { completeTrials, measured } from "../../results/contract/cells.ts";
import type { Ratio } from "../../results/contract/results.ts";
import { type MetricName, metricNamed } from "../../results/metrics/metrics.ts";
import { formatList, plural } from "../../results/quantities/format.ts";
import { equivalentRatio } from "../../results/statistics/decide.ts";
import { trialsForIntervalMin } from "../../results/statistics/intervals.ts";
import { median } from "../../results/statistics/moments.ts";
import { comparePairs, type PairComparison } from "../../results/summary/comparison.ts";
import { type Estimate, estimateOf } from "../../results/summary/estimate.ts";
import { oneLine } from "../text/markdown.ts";
import { left, right } from "../text/table.ts";
import { comparisonOf } from "../view/shown-estimate.ts";
import { isFloor, type ReportView, referenceTitle, type TargetRow } from "../view/view.ts";
import { barsOf } from "./bars.ts";
import { formatEstimate, formatRatio, signed } from "./compact.ts";
import { estimateCell, signsIn } from "./estimate-cell.ts";
import { decidedOrder, type Relation } from "./order.ts";
import type { LegendEntry, Remedy, ScreenCell, ScreenPart, ScreenTable } from "./screen-table.ts";
import { shortNamesOf } from "./short-names.ts";
import { verdictCell } from "./verdict.ts";

interface Quantity {
  /** Heads its column, with the unit where the cells leave it out. */
  readonly title: string;
  /** In a sentence. */
  readonly words: string;
  readonly meaning: string;
  readonly scenario: string;
  readonly metric: MetricName;
}

const quantity = (scenario: string, metric: MetricName, title: string, words: string, meaning: string): Quantity => ({
  scenario,
  metric,
  title,
  words,
  meaning,
});

/** In the order of columns; the first that was measured leads: it sorts the table and has the bar and the ratio. */
const columns: readonly Quantity[] = [
  quantity("echo", "scheduledP50Us", "p50", "p50", "p50, p99: round trip from the schedule"),
  quantity("echo", "scheduledP99Us", "p99", "p99", ""),
  quantity("throughput", "achievedRatePerSecond", "max/s", "rate", "max/s: closed loop"),
  quantity("echo", "serverCpuUsPerMessage", "CPU", "server CPU", "CPU: of the server per message"),
  quantity("idle", "memoryBytesPerConnection", "KiB", "memory", "KiB: of memory per connection"),
];

/** Stand in the table only of a run without round trips, which has the room. */
const oneWay: readonly Quantity[] = [
  quantity("duplex", "uplinkP50Us", "up p50", "up p50", "up, down: one way, both directions busy"),
  quantity("duplex", "downlinkP50Us", "down p50", "down p50", ""),
];

const ordersMax = 3;

/** Which orders are told first, where there is not room for all. */
const tellingOrder: readonly Quantity[] = [
  columns[0]!,
  columns[2]!,
  columns[3]!,
  columns[4]!,
  columns[1]!,
  ...oneWay,
  quantity("echo", "wireBytesPerMessage", "bytes", "bytes", ""),
];

const estimateIn = (row: TargetRow, { scenario, metric }: Quantity): Estimate =>
  estimateOf(row.cells.get(scenario), metric);

const wasMeasured = ({ rows }: ReportView, asked: Quantity): boolean =>
  rows.some((row) => estimateIn(row, asked).kind !== "absent");

/** Undefined where no target has a cell of its own. */
export function comparisonPart(view: ReportView): ScreenPart | undefined {
  const all = view.rows.some(({ cells }) => cells.has("echo")) ? columns : [...oneWay, ...columns];
  const shown = all.filter((asked) => wasMeasured(view, asked));
  const [lead] = shown;
  if (lead === undefined) return undefined;
  const asked = tellingOrder.filter((candidate) => wasMeasured(view, candidate));
  return {
    table: tableOf(view, shown, lead),
    sure: ordersOf(view, asked).slice(0, ordersMax),
    unsure: openQuestion(view, asked),
  };
}

function tableOf(view: ReportView, shown: readonly Quantity[], lead: Quantity): ScreenTable {
  const scenarios = new Set(shown.map(({ scenario }) => scenario));
  const rows = sorted(
    view.rows.filter(({ cells }) => [...cells.keys()].some((scenario) => scenarios.has(scenario))),
    lead,
    "best first",
  );
  const short = shortNamesOf(rows.map(({ name }) => name));
  const bars = barsOf(rows.map((row) => estimateIn(row, lead)));
  const isCompared = view.reference !== undefined;
  const [, ...others] = shown;
  return {
    subject: "target",
    columns: [
      right(lead.title),
      ...(isCompared
        ? [right(`× ${isFloor(view.reference) ? referenceTitle(view) : shortReference(view)}`), left("sure?")]
        : []),
      ...others.map(({ title }) => right(title)),
    ],
    rows: rows.map((row, index) => ({
      name: row.name,
      shortName: short.get(row.name)!,
      bar: bars[index],
      cells: [
        cellOf(row, lead),
        ...(isCompared ? besideReference(view, row, lead) : []),
        ...others.map((asked) => cellOf(row, asked)),
      ],
    })),
    legend: legendOf(view, shown, lead, rows),
  };
}

/** The best first; those without the number last, in the order of the run. */
function sorted(rows: readonly TargetRow[], lead: Quantity, order: "best first" | "lowest first"): TargetRow[] {
  const sign = order === "best first" && metricNamed(lead.metric).better === "higher" ? -1 : 1;
  const key = (row: TargetRow): number => {
    const middle = middleIn(row, lead);
    return middle === undefined ? Number.POSITIVE_INFINITY : sign * middle;
  };
  return [...rows].sort((a, b) => (key(a) === key(b) ? 0 : key(a) - key(b)));
}

/** What puts a target in its place: where trials agree on no number to print, they can still be compared set by set. */
function middleIn(row: TargetRow, asked: Quantity): number | undefined {
  const estimate = estimateIn(row, asked);
  if (estimate.kind === "value") return estimate.interval.value;
  const cell = measured(row.cells.get(asked.scenario));
  if (estimate.kind !== "unsettled" || cell === undefined) return undefined;
  const values = completeTrials(cell).flatMap(({ measures }) => measures[asked.metric] ?? []);
  return values.length === 0 ? undefined : median(values);
}

function cellOf(row: TargetRow, asked: Quantity): ScreenCell {
  const { unit } = metricNamed(asked.metric);
  return estimateCell(estimateIn(row, asked), (estimate) => formatEstimate(estimate, unit));
}

/** Ratio with its interval, and the verdict. */
function besideReference(view: ReportView, row: TargetRow, lead: Quantity): [ScreenCell, ScreenCell] {
  const nothing: ScreenCell = { text: "–", tone: "quiet" };
  if (row === view.reference) return [{ text: "1" }, nothing];
  const comparison = comparisonOf(view, row, lead.scenario, lead.metric);
  if (comparison === undefined) return [nothing, nothing];
  return [{ text: signed(comparison.bound, formatRatio(comparison.ratio)) }, verdictCell(comparison)];
}

function legendOf(
  view: ReportView,
  shown: readonly Quantity[],
  lead: Quantity,
  rows: readonly TargetRow[],
): LegendEntry[] {
  const estimates = shown.flatMap((asked) => rows.map((row) => estimateIn(row, asked)));
  const hasIntervals = view.trials >= trialsForIntervalMin;
  const always = (text: string, isNeeded: boolean): LegendEntry[] => (isNeeded ? [{ text }] : []);
  return [
    ...always(
      `bar, ×: ${lead.words}, its ratio to ${shortReference(view)}${hasIntervals ? " (95 % interval)" : ""}`,
      view.reference !== undefined,
    ),
    ...shown.flatMap(({ meaning, title }) => (meaning === "" ? [] : [{ text: meaning, column: title }])),
    ...always("<: sure; =: equal within 25 %; comma: open", view.rows.length > 1 && hasIntervals),
    ...signsIn(estimates),
  ];
}

const shortReference = ({ rows, reference }: ReportView): string =>
  shortNamesOf(rows.map(({ name }) => name)).get(reference?.name ?? "") ?? "";

/** The orders that are decided, each as one line: `p50: TCP, WebSocket < XMPP < SSE`. */
function ordersOf(view: ReportView, asked: readonly Quantity[]): string[] {
  if (view.rows.length < 2) return ["With one target there is nothing to compare."];
  const short = shortNamesOf(view.rows.map(({ name }) => name));
  const pairs = comparePairs(view.results.cells, view.reference?.info.label);
  const lines = asked.flatMap((candidate) => {
    const known = view.rows.filter((row) => middleIn(row, candidate) !== undefined);
    const groups = decidedOrder(sorted(known, candidate, "lowest first"), relationIn(pairs, candidate));
    if (groups.length < 2 && !groups.some(({ isEqual, entries }) => isEqual && entries.length > 1)) return [];
    const isHigherBetter = metricNamed(candidate.metric).better === "higher";
    const names = groups.map(({ entries, isEqual }) =>
      inOrder(entries, isHigherBetter)
        .map(({ name }) => short.get(name)!)
        .join(isEqual ? " = " : ", "),
    );
    return [`${candidate.words}: ${inOrder(names, isHigherBetter).join(isHigherBetter ? " > " : " < ")}`];
  });
  return lines.length > 0 ? lines : [nothingDecided(view)];
}

const inOrder = <Entry>(lowestFirst: readonly Entry[], isHigherBetter: boolean): readonly Entry[] =>
  isHigherBetter ? lowestFirst.toReversed() : lowestFirst;

function nothingDecided({ trials }: ReportView): string {
  if (trials === 1) return "Nothing: one trial has no spread, so no difference can be told from chance.";
  return trials < trialsForIntervalMin
    ? `Nothing: ${plural(trials, "trial")} are too few to tell a difference from chance.`
    : "No order: every difference could be chance.";
}

/** As the pairs of targets were judged, each by the sets they share. */
function relationIn(pairs: readonly PairComparison[], { scenario, metric }: Quantity): Relation<TargetRow> {
  const asked = pairs.filter(
    (pair) => pair.scenario === scenario && pair.variant === undefined && pair.metric === metric,
  );
  const found = (target: TargetRow, reference: TargetRow) =>
    asked.find((pair) => pair.target === target.info.label && pair.reference === reference.info.label)?.direction;
  return (a, b) => {
    const turned = found(b, a);
    return found(a, b) ?? (turned && opposite[turned]) ?? "cannot-tell";
  };
}

const opposite = { higher: "lower", lower: "higher", equal: "equal", "cannot-tell": "cannot-tell" } as const;

interface OpenPair {
  readonly row: TargetRow;
  readonly asked: Quantity;
  readonly ratio: Ratio;
}

const quantitiesNamedMax = 1;
const trialsMax = 30;
/** With fewer sets than this an interval is wide whatever was measured. */
const trialsToDecide = 5;

/** Which targets cannot be told from the reference, and how many trials would do it. */
function openQuestion(view: ReportView, asked: readonly Quantity[]): Remedy | undefined {
  const { reference, results, trials } = view;
  if (reference === undefined) return undefined;
  const open = asked.flatMap((candidate) =>
    view.rows.flatMap((row): OpenPair[] => {
      const comparison = comparisonOf(view, row, candidate.scenario, candidate.metric);
      return comparison?.verdict === "cannot-tell" ? [{ row, asked: candidate, ratio: comparison.ratio }] : [];
    }),
  );
  if (open.length === 0) return undefined;
  const short = shortNamesOf(view.rows.map(({ name }) => name));
  const byQuantity = [...Map.groupBy(open, (pair) => pair.asked)];
  const texts = byQuantity
    .slice(0, quantitiesNamedMax)
    .map(([candidate, pairs]) => `${candidate.words} of ${formatList(pairs.map(({ row }) => short.get(row.name)!))}`);
  const left = byQuantity.length - quantitiesNamedMax;
  const more = left > 0 ? "; more in the report" : "";
  const wanted = trialsWanted(byQuantity[0]![1], trials);
  const command = oneLine(results.command).replaceAll(/ --(trials|out)[ =]\S+/g, "");
  return {
    text: `${texts.join("; ")} against ${short.get(reference.name)!}${more}.`,
    command: `${command} --trials ${wanted}`,
  };
}

/** An interval narrows by the root of the trials: so many that it leaves out 1, or is narrow enough to call it equal. */
function trialsWanted(open: readonly OpenPair[], trials: number): number {
  const times = open.map(({ ratio: { value, low, high } }) => {
    if (low === undefined || high === undefined || low <= 0) return 1;
    const needed = Math.max(Math.log(equivalentRatio) / 2, Math.abs(Math.log(value)));
    return (Math.log(high / low) / 2 / needed) ** 2;
  });
  return Math.min(trialsMax, Math.max(2 * trials, Math.ceil(trials * Math.max(...times)), trialsToDecide));
}
