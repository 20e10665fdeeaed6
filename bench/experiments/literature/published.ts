/** Figures that others have published, as predictions: what this harness must see too, or it measures something else. */
import type { Direction } from "../../../protocol/contract.ts";
import { pollIntervalMs } from "../../../protocol/options/poll-interval.ts";
import { formatCount } from "../../../results/quantities/format.ts";
import { type Target, traitsOf } from "../../targets/target.ts";
import { type CellPlan, exactly } from "../contract/experiment.ts";

type Expectations = CellPlan["expectations"];

/** Of the published exchanges, by ping. */
export const publishedRttMs = 162;
const pings = 100;
const pingsAt = "mrjoes, SockJS vs BOSH, 2012: mrjoes.github.io/2012/10/11/sockjs-ejabberd.html";

interface PublishedExchange {
  readonly transport: string;
  /** Of all pings, one after the other, in three runs. */
  readonly totalsMs: readonly [number, number, number];
}

const streaming: PublishedExchange = { transport: "WebSocket", totalsMs: [19_126, 18_418, 19_478] };
const streamedDown: PublishedExchange = { transport: "xhr-streaming", totalsMs: [24_270, 23_753, 24_071] };
const polling: PublishedExchange = { transport: "xhr-polling", totalsMs: [37_980, 37_750, 37_811] };
const bosh: PublishedExchange = { transport: "BOSH", totalsMs: [47_905, 48_331, 48_122] };

/** What was published of the way a target is spoken, and the fewest round trips by which that way can answer. */
function publishedOf(target: Target): [published: PublishedExchange, fewest: number, why: string] {
  const { uplink, downlink, mechanisms } = traitsOf(target);
  if (downlink === "polled") return [polling, 2, "1 of a request that sends, 1 of the poll behind it"];
  if (downlink === "held-request") return [mechanisms ? bosh : polling, 1, "a request that waits is answered at once"];
  return [uplink === "stream" ? streaming : streamedDown, 1, "what is sent is answered at once"];
}

/** Timers of the link's relay are late, never early; the clock of a histogram has three digits. */
const precision = 0.99;
const rounded = (value: number): number => Number(value.toFixed(2));

export function publishedExchange(target: Target): Expectations {
  const [{ transport, totalsMs }, fewest, why] = publishedOf(target);
  const [least, most] = [Math.min(...totalsMs), Math.max(...totalsMs)].map((ms) => ms / pings / publishedRttMs);
  // One that asks less often than distance lets it waits for its clock, too.
  const waitMs = traitsOf(target).downlink === "polled" ? pollIntervalMs(target.options) : 0;
  const waits = waitMs > publishedRttMs ? waitMs / publishedRttMs : 0;
  const seconds = totalsMs.map((ms) => (ms / 1000).toFixed(1)).join(", ");
  return [
    {
      statement: `an exchange takes no more round trips than were published of ${transport}, and no fewer than there must be: ${why}`,
      formula: `${pings} pings in ${seconds} s at ${publishedRttMs} ms: ${rounded(least!)} to ${rounded(most!)} round trips each (${pingsAt})${waits > 0 ? `, and up to ${rounded(waits)} of the poll interval` : ""}`,
      metric: "exchangeOverRoundTripP50Ratio",
      expected: { low: precision * fewest, high: rounded(most!) + waits },
    },
  ];
}

const rfc6202 = "RFC 6202 section 2.2: an average near one transit, at most a little over three";
/** Timers of the relay, and work at both ends, of a transit of 81 ms. */
const late = 0.25;

/** Of values that a server sends by itself, in transits. */
export const publishedPushes: Expectations = [
  {
    statement: "a value that finds a request waiting takes one transit",
    formula: `1 to ${1 + late} transits (${rfc6202})`,
    metric: "parkedPollOverTransitP50Ratio",
    expected: { low: precision, high: 1 + late },
  },
  {
    statement:
      "a value that falls between two requests takes up to three transits: the answer, the next request, its answer",
    formula: `evenly spread from 1 to 3, so that 9 of 10 take 2.8 at most, and ${late} of work (${rfc6202})`,
    metric: "betweenPollsOverTransitP90Ratio",
    expected: { low: 2, high: 2.8 + late },
  },
];

interface PublishedFraming {
  readonly source: string;
  /** Where the arithmetic takes another length. */
  readonly sizesBytes: readonly number[];
  readonly bytes: Readonly<Partial<Record<Direction, (payloadBytes: number) => number>>>;
}

/** Two bytes, and as many more as the length takes. */
const frameHead = (payloadBytes: number): number => (payloadBytes < 126 ? 2 : payloadBytes < 65_536 ? 4 : 10);

const webSocketFrames: PublishedFraming = {
  source: "RFC 6455 section 5.2: 2, 4 or 10 B, and 4 of the mask from a client",
  sizesBytes: [125, 126, 65_536],
  bytes: { up: (payloadBytes) => frameHead(payloadBytes) + 4, down: frameHead },
};

/** `data: ` and an empty line; quotes, since here a text is a JSON string, which may have lines of its own. */
const eventBytes = "data: ".length + 2 + 2;
/** RFC 9112 section 7.1: the length in hexadecimal digits, and two line ends. */
const chunkBytes = (bytes: number): number => bytes.toString(16).length + 4;

const events: PublishedFraming = {
  source:
    "WHATWG HTML 9.2.5: 6 B before the data and 2 behind it; RFC 9112 section 7.1: a chunk's length and two line ends; 2 B of quotes are this wire's own",
  sizesBytes: [125, 4096],
  bytes: { down: (payloadBytes) => eventBytes + chunkBytes(payloadBytes + eventBytes) },
};

/** What documents say of a frame or an event around a text, of those protocols that add nothing else. */
export function publishedFraming(target: Target): PublishedFraming | undefined {
  const { schemes, uplink, downlink, mechanisms } = traitsOf(target);
  if (mechanisms !== undefined) return undefined;
  if (schemes.includes("ws:")) return webSocketFrames;
  return uplink === "request" && downlink === "stream" ? events : undefined;
}

const ways: Readonly<Record<Direction, string>> = { up: "to the server", down: "from the server" };

export const framingExpectations = ({ source, bytes }: PublishedFraming, payloadBytes: number): Expectations =>
  (["up", "down"] as const).flatMap((direction) => {
    const count = bytes[direction]?.(payloadBytes);
    if (count === undefined) return [];
    return [
      {
        statement: `framing ${ways[direction]} is exactly what the document says of ${formatCount(payloadBytes)} B`,
        formula: `${count} B (${source})`,
        metric: `${direction}FramingBytes` as const,
        expected: exactly(count),
      },
    ];
  });
