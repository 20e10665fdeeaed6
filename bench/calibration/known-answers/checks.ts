/** What a window must show, held against what the observer saw of the same messages. Pure: observations in, verdicts out. */
import { isChosen, type KnownAnswer } from "../../../load/behaviours/answer-script.ts";
import type { ImposedDelays } from "../../../load/behaviours/known-answer.ts";
import type { Load } from "../../../load/flows/traffic.ts";
import { formatQuantity } from "../../../results/quantities/format.ts";
import type { Flow } from "../../../results/recording/flows.ts";
import { decodeHistogram } from "../../../results/statistics/histogram.ts";
import { countsOf, type DelayBounds, delayBounds, type Sighting, type WitnessedWindow } from "../observer/witness.ts";
import { type Bracket, bracketOf, judgeBracket, judgeInside, percentileOf } from "./brackets.ts";
import type { Check } from "./check.ts";
import { type Count, compareCounts } from "./counts.ts";
import type { Verdict } from "./judge.ts";
import { checkClosedRate, checkOpenRate } from "./rates.ts";

/** A window as the harness measured it, beside what the observer and the server saw of it. */
export interface ObservedWindow {
  readonly name: string;
  readonly load: Load;
  readonly answer?: KnownAnswer | undefined;
  /** When traffic began, when measuring began and when both ended, as the driver planned it. */
  readonly rampUpStartNs: number;
  readonly startNs: number;
  readonly endNs: number;
  /** The driver had heard from every process by then. */
  readonly reportedNs: number;
  readonly connections: number;
  readonly flow: Flow;
  readonly wire: WitnessedWindow;
  readonly quietAtEnds: boolean;
  /** As the harness counted them. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Absent where the server answered at once. */
  readonly imposed?: ImposedDelays | undefined;
}

const percentiles = [50, 90, 99, 100] as const;
const delay = (ns: number): string => formatQuantity(ns / 1000, "us");
const label = (percentile: number): string => (percentile === 100 ? "max" : `p${percentile}`);

/** Everything a window of round trips proves. */
export function checkRoundTrips(window: ObservedWindow): Check[] {
  const { name, load, flow, wire, reportedNs, startNs } = window;
  const inFlight = load.kind === "closed" ? load.inFlight : undefined;
  const bounds = delayBounds(wire, inFlight, reportedNs);
  const measured = bounds.filter(({ scheduledNs }) => scheduledNs >= startNs);
  return [
    checkCounts(window, measured.length),
    ...(window.quietAtEnds ? [checkBytes(window)] : []),
    checkSendTimes(window, bounds),
    ...(load.kind === "closed"
      ? checkClosedDelays(name, flow, measured)
      : checkOpenDelays({ ...window, load }, measured, wire.up)),
    load.kind === "closed" ? checkClosedRate(window, bounds) : checkOpenRate(window, measured.length),
    ...checkImposed(window),
  ];
}

/** A direction of a duplex window, from the processes at its two ends. */
export interface ObservedDirection {
  readonly name: string;
  readonly load: Extract<Load, { kind: "open" }>;
  readonly rampUpStartNs: number;
  readonly startNs: number;
  readonly endNs: number;
  readonly flow: Flow;
  readonly crossed: readonly Sighting[];
}

/** Everything a direction of one-way traffic proves. */
export function checkOneWay(direction: ObservedDirection): Check[] {
  const { name, load, rampUpStartNs, startNs, endNs, flow, crossed } = direction;
  const { ledger, histograms } = flow;
  const measured = crossed
    .filter(({ scheduledNs }) => scheduledNs >= startNs)
    .map((sighting) => ({ ...sighting, receivedAfterNs: sighting.passedNs, receivedBeforeNs: Number.MAX_VALUE }));
  return [
    compareCounts(`${name}, counts`, [
      ["sent", due(load, rampUpStartNs, endNs), ledger.sentMessages],
      ["received", crossed.length, ledger.receivedMessages],
      ["timed", measured.length, totalOf(histograms.service)],
      ["missing", 0, ledger.lostMessages + ledger.censoredMessages],
      ["duplicated", 0, ledger.duplicatedMessages],
      ["reordered", 0, ledger.reorderedMessages],
      ["corrupted", 0, ledger.corruptedMessages],
    ]),
    compareCounts(`${name}, send times`, [
      sentAfterSeen(crossed),
      ["off schedule", 0, offSchedule(crossed, rampUpStartNs, load.ratePerSecond)],
    ]),
    ...checkOpenDelays(direction, measured, crossed),
  ];
}

const totalOf = (encoded: string | undefined): number =>
  encoded === undefined ? 0 : decodeHistogram(encoded).totalCount;

/** What an open loop must send by its schedule alone, from one instant to another. */
const due = (load: Load, fromNs: number, toNs: number): number =>
  load.kind === "open" ? Math.ceil(((toNs - fromNs) * load.ratePerSecond) / 1e9 - 1e-6) : 0;

/** Ledger, histograms and observer must agree to the last message, and an open loop's schedule and the script with them. */
function checkCounts(window: ObservedWindow, timed: number): Check {
  const { name, load, answer, flow, wire, rampUpStartNs, startNs, endNs, connections } = window;
  const { ledger, histograms } = flow;
  const seen = countsOf(wire);
  const happens = (kind: KnownAnswer["kind"], otherwise: number): number =>
    answer?.kind === kind && "every" in answer
      ? wire.up.filter((_, index) => isChosen(answer, Math.floor(index / connections))).length
      : otherwise;
  const scripted: Count[] =
    answer === undefined || !("every" in answer)
      ? []
      : [
          ["missing by the script", happens("drop", 0), seen.sent - seen.received],
          ["duplicated by the script", happens("duplicate", 0), seen.duplicated],
        ];
  return compareCounts(`${name}, counts`, [
    ["sent", load.kind === "open" ? due(load, rampUpStartNs, endNs) : seen.sent, ledger.sentMessages],
    ...(load.kind === "open" ? ([["seen", seen.sent, ledger.sentMessages]] as const) : []),
    ["received", seen.received, ledger.receivedMessages],
    // A recorder that fills in, or leaves out, has another number of delays than there were answers.
    ["timed", timed, totalOf(histograms.service)],
    [
      "to be timed",
      wire.up.filter(({ scheduledNs }) => scheduledNs >= startNs).length,
      flow.timedMessages ?? Number.NaN,
    ],
    ...(load.kind === "open"
      ? ([
          [
            "scheduled",
            due(load, rampUpStartNs, endNs) - due(load, rampUpStartNs, startNs),
            totalOf(histograms.dispatch),
          ],
        ] as const)
      : []),
    ["missing", seen.sent - seen.received, ledger.lostMessages + ledger.censoredMessages],
    ["duplicated", seen.duplicated, ledger.duplicatedMessages],
    ["reordered", seen.reordered, ledger.reorderedMessages],
    ["corrupted", 0, ledger.corruptedMessages],
    ...scripted,
  ]);
}

/** Everything that crossed the observer from quiet to quiet, byte by byte. */
export const checkBytes = ({
  name,
  wire,
  sentBytes,
  receivedBytes,
}: Pick<ObservedWindow, "name" | "wire" | "sentBytes" | "receivedBytes">): Check =>
  compareCounts(`${name}, bytes`, [
    ["sent", wire.upBytes, sentBytes],
    ["received", wire.downBytes, receivedBytes],
  ]);

/** A header holds whole nanoseconds. */
const roundingNs = 2;

/** The event loop's timers may ring a millisecond early, and a closed loop begins by one. */
const timerNs = 2e6;

/** What messages say of their own sending: never after the wire saw them, never before what released them, by schedule. */
function checkSendTimes({ name, load, wire, rampUpStartNs }: ObservedWindow, bounds: readonly DelayBounds[]): Check {
  const counts: Count[] = [sentAfterSeen(wire.up)];
  if (load.kind === "open") counts.push(["off schedule", 0, offSchedule(wire.up, rampUpStartNs, load.ratePerSecond)]);
  else {
    const released = bounds.filter(({ receivedAfterNs, receivedBeforeNs }) => receivedBeforeNs < receivedAfterNs);
    counts.push(
      ["sent before they were released", 0, released.length],
      ["sent before the traffic", 0, wire.up.filter(({ sentNs }) => sentNs < rampUpStartNs - timerNs).length],
    );
  }
  return compareCounts(`${name}, send times`, counts);
}

const sentAfterSeen = (sent: readonly Sighting[]): Count => [
  "sent after the wire had them",
  0,
  sent.filter(({ sentNs, seenNs }) => sentNs > seenNs + roundingNs).length,
];

function offSchedule(sent: readonly Sighting[], startNs: number, ratePerSecond: number): number {
  const scheduled = sent.map(({ scheduledNs }) => scheduledNs).sort((a, b) => a - b);
  const plannedNs = (index: number): number => startNs + (index * 1e9) / ratePerSecond;
  return scheduled.filter((ns, index) => Math.abs(ns - plannedNs(index)) > roundingNs).length;
}

const intervals = (bounds: readonly DelayBounds[]): Bracket[] =>
  bounds.map(({ sentNs, receivedAfterNs, receivedBeforeNs }) => ({
    low: receivedAfterNs - sentNs,
    high: receivedBeforeNs - sentNs,
  }));

/** Each percentile between what the observer and the sender's next messages prove of the same messages. */
function checkClosedDelays(name: string, flow: Flow, measured: readonly DelayBounds[]): Check[] {
  const histogram = decodeHistogram(flow.histograms.service!);
  return percentiles.map((percentile) => {
    const bracket = bracketOf(intervals(measured), percentile);
    const value = histogram.getValueAtPercentile(percentile);
    return {
      name: `${name}, round trip ${label(percentile)}`,
      expected: `${delay(bracket.low)} to ${delay(bracket.high)}`,
      measured: delay(value),
      // Of the last messages nothing was released: when they came at the latest is only known from the report.
      verdict: percentile < 100 ? judgeBracket(bracket, value) : judgeInside(bracket, value),
    };
  });
}

interface OpenWindow extends Pick<ObservedWindow, "name" | "flow" | "startNs" | "answer"> {
  readonly load: Extract<Load, { kind: "open" }>;
}

/**
 * Of an open loop, the wire proves how late each message left and before when it cannot have come back. How long it
 * then took from the wire to the record nothing proves; where answers come at once, half of the messages should take
 * about as long as half of them took from the sender to the wire, in the same window and between the same processes.
 */
function checkOpenDelays(
  { name, load, flow, startNs, answer }: OpenWindow,
  measured: readonly DelayBounds[],
  sent: readonly Sighting[],
): Check[] {
  const { service, scheduled, dispatch } = flow.histograms;
  const own = sent.filter(({ scheduledNs }) => scheduledNs >= startNs);
  // No histogram holds less than 1 ns.
  const late = own.map(({ sentNs, scheduledNs }) => Math.max(1, sentNs - scheduledNs));
  const fromSending = measured.map(({ receivedAfterNs, sentNs }) => receivedAfterNs - sentNs);
  const fromSchedule = measured.map(({ receivedAfterNs, scheduledNs }) => receivedAfterNs - scheduledNs);
  return [
    judgeAll(`${name}, dispatch`, "", late.map(exactly), dispatch),
    judgeAll(`${name}, from sending`, "at least ", fromSending.map(atLeast), service),
    judgeAll(`${name}, from schedule`, "at least ", fromSchedule.map(atLeast), scheduled),
    checkSum(name, measured, meanOf(service), meanOf(scheduled)),
    ...(answer === undefined && load.ratePerSecond <= leisurelyPerSecond
      ? [checkReception(name, percentilesOf(service)[0]! - median(fromSending), hopNs(own))]
      : []),
  ];
}

const exactly = (ns: number): Bracket => ({ low: ns, high: ns });
const atLeast = (ns: number): Bracket => ({ low: ns, high: Number.MAX_VALUE });
const median = (values: readonly number[]): number => percentileOf(Float64Array.from(values).sort(), 50);
/** From a sender to the observer. */
const hopNs = (sent: readonly Sighting[]): number => median(sent.map(({ seenNs, sentNs }) => seenNs - sentNs));
const meanOf = (encoded: string | undefined): number =>
  encoded === undefined ? Number.NaN : decodeHistogram(encoded).mean;

function percentilesOf(encoded: string | undefined): number[] {
  if (encoded === undefined) return percentiles.map(() => Number.NaN);
  const histogram = decodeHistogram(encoded);
  return percentiles.map((percentile) => histogram.getValueAtPercentile(percentile));
}

/** p50, p90, p99 and max as one line; each must be where it must. */
function judgeAll(name: string, prefix: string, bounds: readonly Bracket[], encoded: string | undefined): Check {
  const values = percentilesOf(encoded);
  const brackets = percentiles.map((percentile) => bracketOf(bounds, percentile));
  const verdicts = brackets.map((bracket, index) => judgeInside(bracket, values[index]!));
  return {
    name: `${name}, ${percentiles.map(label).join(", ")}`,
    expected: prefix + brackets.map(({ low }) => delay(low)).join(", "),
    measured: values.map(delay).join(", "),
    verdict: verdicts.find((verdict) => verdict !== "passed") ?? "passed",
  };
}

/** From the schedule = from sending + how late it was sent, message by message and so on average. */
function checkSum(name: string, measured: readonly DelayBounds[], sendingNs: number, scheduleNs: number): Check {
  const lateNs = measured.reduce((sum, { sentNs, scheduledNs }) => sum + sentNs - scheduledNs, 0) / measured.length;
  const tolerance = 0.002 * scheduleNs + 2000;
  return {
    name: `${name}, from schedule, mean`,
    expected: `${delay(sendingNs)} + ${delay(lateNs)}`,
    measured: delay(scheduleNs),
    verdict: Math.abs(sendingNs + lateNs - scheduleNs) <= tolerance ? "passed" : "failed",
  };
}

/** At a higher rate than this answers queue behind one another. */
const leisurelyPerSecond = 1000;
/** Above one and a half times the observer's own hop, half of the messages were recorded within this of the wire. */
const receptionNs = 100_000;
/** A machine on which a hop takes longer says nothing of so little. */
const tellingHopNs = 150_000;

function checkReception(name: string, measured: number, hopNs: number): Check {
  const most = receptionNs + 1.5 * hopNs;
  const verdict: Verdict = measured <= most ? "passed" : hopNs <= tellingHopNs ? "failed" : "cannot tell";
  return {
    name: `${name}, from the wire to the record, p50`,
    expected: `at most ${delay(most)}`,
    measured: delay(measured),
    verdict,
    likely: true,
  };
}

/** The observer itself: what the server held back, by its own clock, it cannot have seen sooner. */
function checkImposed({ name, imposed, wire, startNs }: ObservedWindow): Check[] {
  if (imposed === undefined) return [];
  const seen = wire.echoed.flatMap(({ sent, answers }) =>
    sent.scheduledNs >= startNs && answers.length > 0 ? [answers[0]!.seenNs - sent.passedNs] : [],
  );
  if (seen.length !== imposed.imposedNs.length) return [];
  const at = (delays: readonly number[], percentile: number): number =>
    percentileOf(Float64Array.from(delays).sort(), percentile);
  const list = (delays: readonly number[]): string => percentiles.map((p) => delay(at(delays, p))).join(", ");
  const right = percentiles.every((p) => at(seen, p) >= at(imposed.imposedNs, p));
  return [
    {
      name: `${name}, p50, p90, p99, max by the server`,
      expected: `at least ${list(imposed.imposedNs)}`,
      measured: list(seen),
      verdict: right ? "passed" : "failed",
    },
  ];
}
