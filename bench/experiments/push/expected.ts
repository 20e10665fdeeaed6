/** What is known beforehand of values that a server sends by itself, from how a protocol receives and how long the way is. */
import type { LinkConditions } from "../../../results/contract/link.ts";
import { deliveryFloorMs, type Target, traitsOf } from "../../targets/target.ts";
import { type CellPlan, exactly } from "../contract/experiment.ts";

/** Poisson arrivals at every user. */
export interface PushTraffic {
  /** To each user. */
  readonly ratePerSecond: number;
  readonly connections: number;
  readonly payloadBytes: number;
  /** Values in a window, of all users. */
  readonly values: number;
  readonly link?: LinkConditions | undefined;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

type Expectations = CellPlan["expectations"];

/** Work of both ends and of the link's relay on a machine that is not idle. */
const workMs = 20;
/** Where less of them are expected, their median says little. */
const samplesMin = 50;
/** Of a request and of the header of its answer, and of one value beside its payload, XML and all. */
const requestBytes = 500;
const aroundValueBytes = 400;
/** A payload in base64, or escaped. */
const encoding = 4 / 3;

const nothingWrong: Expectations = [
  {
    statement: "every value arrives: a server keeps those that nobody has fetched yet",
    formula: "sent - received = 0",
    metric: "lostMessages",
    expected: exactly(0),
  },
  {
    statement: "every value has arrived when the drain is over",
    formula: "sent - received - lost = 0",
    metric: "censoredMessages",
    expected: exactly(0),
  },
  {
    statement: "no value arrives twice",
    formula: "arrivals beyond the first = 0",
    metric: "duplicatedMessages",
    expected: exactly(0),
  },
];

/** Of a target as it is served, its poll interval included. */
export function expectedOfPushes(target: Target, traffic: PushTraffic): Expectations {
  if (!hasRoom(target, traffic)) return nothingWrong;
  const way = wayOf(traffic.link);
  switch (traitsOf(target).downlink) {
    case "stream":
      return [...nothingWrong, ...onAStream(way)];
    case "polled":
      return [...nothingWrong, ...byInterval(deliveryFloorMs(target), way)];
    case "held-request":
      return [...nothingWrong, ...atAHeldRequest(way, traffic)];
    case "response":
      return nothingWrong;
  }
}

interface Way {
  readonly rttMs: number;
  readonly transitMs: number;
  /** What a delay may be shorter and longer by. */
  readonly shorterMs: number;
  readonly longerMs: number;
}

/** What is lost costs a retransmission, and those behind it wait too. */
function wayOf({ rttMs = 0, jitterMs = 0, lossShare = 0 }: Partial<LinkConditions> = {}): Way {
  const lossMs = 5 * lossShare * (rttMs + 200);
  return { rttMs, transitMs: rttMs / 2, shorterMs: jitterMs, longerMs: jitterMs + lossMs + workMs };
}

const from = ({ shorterMs }: Way, ms: number): number => Math.max(0, ms - shorterMs);
const inUs = ({ low, high }: Range): Range => ({ low: low * 1000, high: high * 1000 });
const inMs = (ms: number): string => `${Math.round(ms * 10) / 10} ms`;

/** An age weighs each delay by the gap before its value, and of gaps a window has few: from and to so many transits. */
const ageWithin = (way: Way, least: number, most: number): Range =>
  inUs({ low: from(way, 0.85 * least * way.transitMs), high: 1.1 * most * way.transitMs + way.longerMs });

function onAStream(way: Way): Expectations {
  const { transitMs, longerMs } = way;
  const expected = inUs({ low: from(way, 0.95 * transitMs), high: transitMs + longerMs });
  const formula = `one transit, ${inMs(transitMs)}, and at most ${inMs(longerMs)} of jitter, loss and work`;
  return [
    { statement: "a stream hands a value on at once", formula, metric: "pushP50Us", expected },
    {
      claim: "http-freshness",
      statement: "what a user of a stream has is older than at its source by one transit",
      formula,
      metric: "ageOverSourceMeanUs",
      expected: ageWithin(way, 1, 1),
    },
  ];
}

/** An interval is as long as asked for, or the next multiple that an answer takes. */
const intervalMs = (pollMs: number, rttMs: number): number => pollMs * Math.max(1, Math.ceil(rttMs / pollMs));

function byInterval(pollMs: number, way: Way): Expectations {
  const { rttMs, transitMs, shorterMs, longerMs } = way;
  const shortest = intervalMs(pollMs, Math.max(0, rttMs - shorterMs));
  const longest = intervalMs(pollMs, rttMs === 0 ? 0 : rttMs + longerMs);
  const within = (tolerance: number): Range =>
    inUs({
      low: from(way, ((1 - tolerance) * shortest) / 2 + transitMs),
      high: ((1 + tolerance) * longest) / 2 + transitMs + longerMs,
    });
  const half = shortest === longest ? inMs(shortest / 2) : `${inMs(shortest / 2)} to ${inMs(longest / 2)}`;
  const formula = `uniform over the interval: half of it, ${half}, and one transit, ${inMs(transitMs)}`;
  return [
    { statement: "a value waits for the next poll", formula, metric: "pushMeanUs", expected: within(0.2) },
    {
      claim: "http-freshness",
      statement: "what a user who polls has is older than at its source by half an interval",
      formula,
      metric: "ageOverSourceMeanUs",
      // Gaps between values weigh by their square.
      expected: within(0.35),
    },
  ];
}

/**
 * Share of Poisson arrivals that find a request waiting, where a new one takes a round trip: after each answer follows a gap
 * of one round trip, and another one after every gap in which something came. One value is parked for e^(rate x gap) gaps.
 */
export function expectedParkedShare(ratePerSecond: number, gapMs: number): number {
  const perGap = (ratePerSecond * gapMs) / 1000;
  return 1 / (1 + perGap * Math.exp(perGap));
}

function atAHeldRequest(way: Way, { ratePerSecond, values }: PushTraffic): Expectations {
  const { rttMs, transitMs, shorterMs, longerMs } = way;
  const share = expectedParkedShare(ratePerSecond, rttMs);
  const shareTolerance = 0.1;
  const expected = inUs({ low: from(way, 0.9 * transitMs), high: 2 * transitMs + longerMs });
  const formula = `from one transit, ${inMs(transitMs)}, where a request waits, to two on average where none does`;
  const always: Expectations = [
    { statement: "a value leaves with the answer to the next request", formula, metric: "pushMeanUs", expected },
    {
      claim: "http-freshness",
      statement: "what a user has is older than at its source by one to two transits",
      formula,
      metric: "ageOverSourceMeanUs",
      expected: ageWithin(way, 1, 2),
    },
    {
      statement: "how often a request waits is decided by rate and round trip",
      formula: `1 / (1 + x e^x), x = ${ratePerSecond} / s × ${inMs(rttMs)}: ${share.toPrecision(2)}`,
      metric: "parkedShare",
      expected: {
        low: Math.max(0, expectedParkedShare(ratePerSecond, 1.1 * rttMs + longerMs) - shareTolerance),
        high: Math.min(1, expectedParkedShare(ratePerSecond, Math.max(0, rttMs - shorterMs)) + shareTolerance),
      },
    },
  ];
  if (rttMs === 0) return always;
  return [
    ...always,
    ...(values * share >= samplesMin
      ? [
          {
            statement: "a value that finds a request waiting takes one transit",
            formula: `${inMs(transitMs)} (RFC 6202 section 2.2)`,
            metric: "parkedPollP50Us",
            expected: inUs({ low: from(way, 0.95 * transitMs), high: transitMs + longerMs }),
          } as const,
        ]
      : []),
    ...(values * (1 - share) >= samplesMin
      ? [
          {
            statement: "a value that falls between two requests takes one to three transits, evenly spread",
            formula: `median ${inMs(2 * transitMs)}: the answer before it, the next request, its own answer (RFC 6202 section 2.2)`,
            metric: "betweenPollsP50Us",
            expected: inUs({ low: from(way, 1.5 * transitMs), high: 2.5 * transitMs + longerMs }),
          } as const,
        ]
      : []),
  ];
}

/** Whether the line of a link carries twice what this needs; else a queue decides, and nothing is known beforehand. */
function hasRoom(target: Target, { ratePerSecond, connections, payloadBytes, link }: PushTraffic): boolean {
  const { downBitsPerSecond = Number.POSITIVE_INFINITY, upBitsPerSecond = Number.POSITIVE_INFINITY } = link ?? {};
  const { downlink } = traitsOf(target);
  const pollMs = deliveryFloorMs(target);
  const requests = downlink === "stream" ? 0 : downlink === "polled" ? 1000 / pollMs : ratePerSecond;
  const upBytes = requests * requestBytes;
  const downBytes = upBytes + ratePerSecond * (encoding * payloadBytes + aroundValueBytes);
  const fits = (bytesPerUser: number, bits: number): boolean => 2 * 8 * connections * bytesPerUser <= bits;
  return fits(downBytes, downBitsPerSecond) && fits(upBytes, upBitsPerSecond);
}
