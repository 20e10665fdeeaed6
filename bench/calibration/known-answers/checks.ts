/** What a window of known answers must show, as comparisons. Pure: what was observed in, verdicts out. */

import { isChosen, type KnownAnswer } from "../../../load/behaviours/answer-script.ts";
import { formatCount, formatQuantity } from "../../../results/quantities/format.ts";
import { decodeHistogram } from "../../../results/statistics/histogram.ts";
import { expectPercentiles, percentileOf } from "./expectation.ts";
import { judgeExact, judgeWithin, toleranceNs, type Verdict } from "./judge.ts";
import { delaysOf, type MachineNoise, type ObservedWindow } from "./trial.ts";

/** One line of `wirebench verify`. */
export interface Check {
  readonly name: string;
  readonly expected: string;
  readonly measured: string;
  /** `differs` says that two tools do not agree, which may be the fault of either. */
  readonly verdict: Verdict | "differs";
}

const delay = (ns: number): string => formatQuantity(ns / 1000, "us");
const within = (value: string, tolerance: string): string => `${value} ± ${tolerance}`;

/** How much later than in the quietest window a bare timer was, at a percentile; infinite if a process was kept from its core. */
function machineNs(window: ObservedWindow, all: readonly ObservedWindow[], percentile: number): number {
  if (window.machine.contended) return Number.POSITIVE_INFINITY;
  const lateness = ({ latenessNs }: MachineNoise): number => latenessNs(percentile);
  return lateness(window.machine) - Math.min(...all.map(({ machine }) => lateness(machine)));
}

export interface DelayCheck {
  readonly name: string;
  readonly window: ObservedWindow;
  /**
   * Windows of the same trial with no delay or a short constant one, which is taken off again: what a round trip costs,
   * and how much that differs by itself. A short delay is the better reference for a long one, since a server that
   * has just polled for a release is awake, and a round trip through a sleeping one costs more.
   */
  readonly references: readonly ObservedWindow[];
  readonly percentiles: readonly number[];
  readonly histogram?: "service" | "scheduled";
}

/** Measured percentiles against those of the imposed delays plus a round trip's own cost. */
export function checkDelays({ name, window, references, percentiles, histogram = "service" }: DelayCheck): Check[] {
  const imposedNs = window.imposed!.imposedNs;
  const costs = references.map(({ flow, imposed }) => {
    const shortNs = percentileOf(
      (imposed?.imposedNs ?? []).toSorted((a, b) => a - b),
      50,
    );
    return delaysOf(flow.histograms[histogram]!).map((ns) => ns - (Number.isNaN(shortNs) ? 0 : shortNs));
  });
  const expect = (costNs: readonly number[]) => expectPercentiles(imposedNs, costNs, percentiles, 1);
  const pooled = expect(costs.flat());
  const apart = costs.map(expect);
  const measured = decodeHistogram(window.flow.histograms[histogram]!);
  // The rest of a delay's influence on the round trip around it: no more, it is assumed, than costs differ anyway.
  const sortedCosts = costs.flat().sort((a, b) => a - b);
  const costSpreadNs = (percentileOf(sortedCosts, 75) - percentileOf(sortedCosts, 25)) / 2;
  // A reference's tail is what the machine did at another moment: it may or may not come again in this window.
  const tailNs = (percentile: number): number =>
    Math.max(0, percentileOf(sortedCosts, percentile) - percentileOf(sortedCosts, 50));
  return pooled.map(({ percentile, ns: expectedNs, chanceNs }, index) => {
    const measuredNs = measured.getValueAtPercentile(percentile);
    const alone = apart.map((expected) => expected[index]!.ns);
    const driftNs = Math.max(...alone) - Math.min(...alone);
    const noise =
      Math.max(chanceNs, driftNs, costSpreadNs, tailNs(percentile)) +
      machineNs(window, [window, ...references], percentile);
    const tolerance = toleranceNs(expectedNs);
    return {
      name: `${name}, ${histogram === "scheduled" ? "scheduled " : ""}p${percentile}`,
      expected: within(delay(expectedNs), delay(tolerance)),
      measured: delay(measuredNs),
      verdict: judgeWithin({ expected: expectedNs, measured: measuredNs, tolerance, noise }),
    };
  });
}

export interface Schedule {
  readonly ratePerSecond: number;
  readonly connections: number;
  readonly rampUpMs: number;
  readonly durationMs: number;
}

/** What an open loop must have sent, and what must have become of it, from the schedule and the script alone. */
export function checkCounts(
  name: string,
  { flow }: ObservedWindow,
  schedule: Schedule,
  answer?: Extract<KnownAnswer, { every: number }>,
): Check {
  const { ratePerSecond, connections, rampUpMs, durationMs } = schedule;
  const due = (ms: number): number => Math.ceil((ratePerSecond * ms) / 1000 - 1e-9);
  const rampUp = due(rampUpMs);
  const sent = due(rampUpMs + durationMs);
  const chosen = (from: number): number =>
    answer === undefined ? 0 : countWhere(from, sent, (index) => isChosen(answer, Math.floor(index / connections)));
  const happens = (kind: KnownAnswer["kind"], from = 0): number => (answer?.kind === kind ? chosen(from) : 0);
  const { ledger, histograms } = flow;
  return compareCounts(name, [
    ["sent", sent, ledger.sentMessages],
    // A recorder that fills in, or leaves out, has another number of delays than there were answers.
    ["timed", sent - rampUp - happens("drop", rampUp), decodeHistogram(histograms.service!).totalCount],
    ["lost", happens("drop"), ledger.lostMessages],
    ["duplicated", happens("duplicate"), ledger.duplicatedMessages],
    ["reordered", happens("reorder"), ledger.reorderedMessages],
    ["unaccounted for", 0, ledger.censoredMessages + ledger.corruptedMessages],
  ]);
}

function countWhere(from: number, to: number, holds: (index: number) => boolean): number {
  let count = 0;
  for (let index = from; index < to; index++) if (holds(index)) count++;
  return count;
}

function compareCounts(name: string, counts: readonly (readonly [what: string, expected: number, measured: number])[]) {
  const list = (pick: 1 | 2): string => counts.map((count) => `${formatCount(count[pick])} ${count[0]}`).join(", ");
  const right = counts.every(([, expected, measured]) => judgeExact(expected, measured) === "passed");
  return {
    name: `${name}, counts`,
    expected: list(1),
    measured: list(2),
    verdict: right ? "passed" : "missed",
  } as const;
}

/** A generator that cannot keep up sends late, however punctual its books look otherwise. */
export function checkPunctuality(name: string, window: ObservedWindow, all: readonly ObservedWindow[]): Check {
  const measured = decodeHistogram(window.flow.histograms.dispatch!).getValueAtPercentile(50);
  const tolerance = toleranceNs(0);
  return {
    name: `${name}, half of the messages leave on time`,
    expected: `late by at most ${delay(tolerance)}`,
    measured: delay(measured),
    verdict: judgeWithin({ expected: 0, measured, tolerance, noise: machineNs(window, all, 50) }),
  };
}

/** A freeze that a closed loop meets with one message per connection: in its maximum, not in its p99. */
export function checkFreezeInClosedLoop(frozen: ObservedWindow, unfrozen: ObservedWindow, freezeNs: number): Check[] {
  const delays = decodeHistogram(frozen.flow.histograms.service!);
  const usual = decodeHistogram(unfrozen.flow.histograms.service!).getValueAtPercentile(99);
  const noise = (percentile: number): number => machineNs(frozen, [frozen, unfrozen], percentile);
  const longest = Math.max(...frozen.imposed!.imposedNs);
  const p99 = delays.getValueAtPercentile(99);
  const invisible = { expected: usual, measured: p99, tolerance: freezeNs / 10, noise: noise(99) };
  const visible = { expected: longest, measured: delays.maxValue, tolerance: toleranceNs(longest), noise: noise(100) };
  return [
    {
      name: "freeze of 1 s, closed loop, p99",
      expected: `without it ${delay(usual)}: at most ${delay(freezeNs / 10)} more`,
      measured: delay(p99),
      verdict: judgeWithin(invisible),
    },
    {
      name: "freeze of 1 s, closed loop, longest",
      expected: within(delay(longest), delay(visible.tolerance)),
      measured: delay(delays.maxValue),
      verdict: judgeWithin(visible),
    },
  ];
}

/**
 * Little's law: as many messages are unanswered as rate times mean delay say. It needs no reference, so it also sees
 * what the comparison with references round trips cannot: a recorder that adds the same to every delay.
 */
export function checkLittle(window: ObservedWindow, inFlight: number, durationMs: number): Check {
  const delays = decodeHistogram(window.flow.histograms.service!);
  const measured = (window.flow.achievedRatePerSecond * delays.mean) / 1e9;
  // Those under way at either end are counted in one factor and not in the other.
  const edges = (inFlight * delays.maxValue) / 1e6 / durationMs;
  const tolerance = 0.03 * inFlight;
  return {
    name: "closed loop, rate × mean delay",
    expected: within(`${inFlight} in flight`, tolerance.toFixed(1)),
    measured: measured.toFixed(1),
    verdict: judgeWithin({ expected: inFlight, measured, tolerance, noise: edges }),
  };
}
