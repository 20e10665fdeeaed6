/** What the documentation of a proxy lets one expect of a protocol. */
import type { Traits } from "../../../protocol/contract.ts";
import {
  carriedAs,
  documentedFor,
  type EndsAtProxy,
  isOfRequests,
  type ShippedProxy,
} from "../../../servers/proxies/proxy.ts";
import { type CellPlan, exactly } from "../contract/experiment.ts";

type Predictions = CellPlan["expectations"];

export interface Scaled {
  /** Events that take longer did not come at once, in milliseconds. */
  readonly eventMsMax: number;
  readonly timeScale: number;
  /** Silence is watched for so many time-outs. */
  readonly watchedTimeOuts: number;
  readonly isPolled: boolean;
  /** What ends at the proxy. */
  readonly ends: EndsAtProxy;
  /** So many users on one connection, where it is one of HTTP/2. */
  readonly sharedBy: number;
  /** Of the protocol's own heartbeat, as long as it is in practice. */
  readonly usualHeartbeatMs?: number;
}

export function expectedThrough(
  proxy: ShippedProxy,
  traits: Traits,
  { eventMsMax, timeScale, watchedTimeOuts, isPolled, ends, sharedBy, usualHeartbeatMs }: Scaled,
): Predictions {
  const { title, settings, silence, repeats, http2 } = proxy;
  const carried = carriedAs(traits);
  const { carries, atOnce, because, settings: documented } = documentedFor(proxy, carried, ends);
  const shipped: Predictions = [
    {
      statement: `as shipped ${title} carries ${carries ? "a message and its echo" : "nothing"}`,
      formula: because,
      metric: "shippedConnections",
      expected: exactly(carries ? 1 : 0),
    },
  ];
  if (documented === undefined) return shipped;
  const untimed = documented.filter((name) => settings.some((each) => each.name === name && !each.isTimeOut));
  const inWords = (names: readonly string[]): string => (names.length === 0 ? "none" : names.join(", "));
  return [
    ...shipped,
    ...(atOnce === undefined
      ? []
      : ([
          {
            statement: atOnce ? "as shipped an event is there at once" : "as shipped an event is held up",
            formula: `${because}; at once is ${eventMsMax} ms or less`,
            metric: "shippedPromptEvents",
            expected: exactly(atOnce ? 1 : 0),
          },
        ] as const)),
    {
      statement: "configured as documented it carries a message and its echo",
      formula: `documented: ${inWords(documented)}`,
      metric: "configuredConnections",
      expected: exactly(1),
    },
    {
      statement: "configured as documented an event is there at once",
      formula: `documented: ${inWords(untimed)}; at once is ${eventMsMax} ms or less`,
      metric: "configuredPromptEvents",
      expected: exactly(1),
    },
    {
      statement: "no more settings are needed than are documented",
      formula: `documented: ${inWords(documented)} = ${documented.length}`,
      metric: "proxySettingsNeeded",
      expected: { low: Math.min(1, documented.length), high: documented.length },
    },
    {
      statement: "where the application sends heartbeats, no time-out has to be set",
      formula: `documented, time-outs left out: ${inWords(untimed)} = ${untimed.length}`,
      metric: "proxySettingsNeededWithHeartbeat",
      expected: { high: untimed.length },
    },
    ...(isOfRequests(carried) && !ends.tls
      ? (["GET", "POST"] as const).map((method) => ({
          statement: `as shipped a ${method} whose server fails is ${repeats[method] === 0 ? "not " : ""}sent to another`,
          formula: `${repeats.because}: ${repeats[method]} more`,
          metric: ({ GET: "repeatedGetRequests", POST: "repeatedPostRequests" } as const)[method],
          expected: exactly(repeats[method]),
        }))
      : []),
    ...(traits.downlink === "stream"
      ? ([
          {
            statement: "silence is cut off by the shipped time-out",
            formula: `${silence.directive}, here 1/${timeScale} of it; watched for ${watchedTimeOuts} time-outs${
              silence.earlyMsMax === 0 ? "" : `; its timers are up to ${silence.earlyMsMax} ms early`
            }`,
            metric: "idleCutTimeoutRatio",
            expected: { low: earliestCut(silence.ms / timeScale, silence.earlyMsMax), high: watchedTimeOuts },
          },
          {
            statement: "heartbeats outlive the shipped time-out",
            formula: "each one begins it anew",
            metric: "heartbeatConnections",
            expected: exactly(1),
          },
          {
            statement: "configured as documented silence is outlived",
            formula: `documented: ${inWords(documented)}`,
            metric: "silentConnections",
            expected: exactly(1),
          },
        ] as const)
      : []),
    // Where the two are alike, chance decides.
    ...(usualHeartbeatMs === undefined || Math.abs(usualHeartbeatMs / silence.ms - 1) < likeness
      ? []
      : ([
          {
            statement: `the protocol's usual heartbeat is ${usualHeartbeatMs < silence.ms ? "" : "not "}enough for what ${title} ships`,
            formula: `${usualHeartbeatMs / 1000} s against ${silence.directive}`,
            metric: "usualHeartbeatConnections",
            expected: exactly(usualHeartbeatMs < silence.ms ? 1 : 0),
          },
        ] as const)),
    ...(ends.http2
      ? ([
          {
            statement: `${sharedBy} users on one connection are all served`,
            formula: `${http2.streamsBecause}: ${http2.streamsMax} requests at once, where a browser has six connections of HTTP/1.1 to a host`,
            metric: "usersOnOneConnection",
            expected: exactly(sharedBy),
          },
        ] as const)
      : []),
    ...(carried === "upgrade" && ends.tls ? overHttp2(proxy, traits) : []),
    // What ends TLS by the direct way is the server itself, which may take longer for it than a proxy does.
    ...(isPolled || ends.tls
      ? []
      : ([
          {
            statement: "an echo by the proxy takes longer than a direct one",
            formula: "two more crossings of a socket each way: p50 by the proxy / p50 direct of the same trial > 1",
            metric: "proxiedOverDirectP50Ratio",
            expected: { low: 1 },
          },
        ] as const)),
  ];
}

/** Of a WebSocket on a stream of HTTP/2. */
function overHttp2({ title, http2 }: ShippedProxy, { framing }: Traits): Predictions {
  const { offersWebSocket, offersBecause, setting } = http2;
  return [
    {
      statement: `with ${setting}, ${title} ${offersWebSocket ? "offers" : "does not offer"} WebSocket over HTTP/2`,
      formula: offersBecause,
      metric: "extendedConnectSettings",
      expected: exactly(offersWebSocket ? 1 : 0),
    },
    ...(offersWebSocket && framing === "binary"
      ? ([
          {
            statement: "a message and its echo pass on a stream of HTTP/2",
            formula: `RFC 8441 section 5: after an extended CONNECT a stream is what a connection is after an upgrade; ${offersBecause}`,
            metric: "extendedConnectEchoes",
            expected: exactly(1),
          },
        ] as const)
      : []),
  ];
}

/** Of an interval and a time-out. */
const likeness = 0.1;

/** In time-outs; a hundredth less, since clocks of a proxy tick in milliseconds. */
const earliestCut = (timeOutMs: number, earlyMsMax: number): number => 0.99 - earlyMsMax / timeOutMs;
