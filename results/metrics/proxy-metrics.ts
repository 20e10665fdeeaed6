/** What a proxy on the way does to a protocol, as it is shipped and as it is configured. */
import { delayRatio, delays, entries, type MetricEntry } from "./metric.ts";

const nothingPassed = "nothing passed, or nobody was silent";

export const proxyMetrics = {
  ...entries({ unit: "count", topic: "delivery", absence: nothingPassed }, [
    [
      "shippedConnections",
      "carried as shipped",
      "1 where a message and its echo passed the proxy as shipped, 0 where not",
    ],
    [
      "shippedPromptEvents",
      "at once as shipped",
      "1 where an event sent alone was there at once by the proxy as shipped, 0 where it was held up",
    ],
    ["configuredConnections", "carried as configured", "1 where a message and its echo passed the proxy as documented"],
    [
      "configuredPromptEvents",
      "at once as configured",
      "1 where an event sent alone was there at once by the proxy as documented, 0 where it was held up",
    ],
    [
      "silentConnections",
      "silence outlived as configured",
      "1 where a silent connection by the proxy as documented was there after the shipped time-out, 0 where not",
    ],
    [
      "heartbeatConnections",
      "heartbeats outlived",
      "1 where messages at a quarter of the shipped time-out kept a connection longer than that, 0 where not",
    ],
    [
      "usualHeartbeatConnections",
      "outlived by the usual heartbeat",
      "1 where a silent connection with the protocol's own heartbeat, as often as is usual, outlived the shipped time-out, both scaled down alike",
    ],
    [
      "compressedPromptEvents",
      "at once, compressed by the proxy",
      "1 where an event sent alone was there at once by the proxy as documented and compressing, 0 where it was held up",
    ],
    ["repeatedGetRequests", "repeated GETs", "of one that a server took before it failed, how many others got it too"],
    [
      "usersOnOneConnection",
      "served on one connection",
      "users who got an echo of eight who came at once on one connection of HTTP/2, by the proxy as documented",
    ],
    [
      "extendedConnectSettings",
      "WebSocket over HTTP/2 offered",
      "1 where the proxy, with HTTP/2, lets a WebSocket be opened on a stream (RFC 8441), 0 where not",
    ],
    [
      "extendedConnectEchoes",
      "WebSocket over HTTP/2 carried",
      "1 where a message and its echo passed on such a stream, 0 where not",
    ],
    [
      "repeatedPostRequests",
      "repeated POSTs",
      "of one that a server took before it failed, how many others got it too",
    ],
  ]),
  ...entries({ unit: "count", topic: "cost", better: "lower", absence: "no combination was enough" }, [
    [
      "proxySettingsNeeded",
      "settings needed",
      "fewest settings on top of the shipped file, of all combinations, by which events come at once and silence is outlived",
    ],
    [
      "proxySettingsNeededWithHeartbeat",
      "settings needed with heartbeats",
      "the same, where heartbeats keep the connection",
    ],
  ]),
  ...entries({ unit: "ms", topic: "delay", better: "lower", absence: nothingPassed }, [
    ["directEventSoonestMs", "event, direct", "the soonest of events sent alone, from sending to the echo, no proxy"],
    ["shippedEventSoonestMs", "event as shipped", "the same by the proxy as shipped"],
    ["configuredEventSoonestMs", "event as configured", "the same by the proxy as documented"],
    [
      "idleCutMs",
      "cut off after",
      "silence until the proxy ended the connection by its shipped time-out, which is scaled down",
    ],
  ]),
  ...entries({ unit: "ratio", topic: "delay", absence: nothingPassed }, [
    ["idleCutTimeoutRatio", "cut off after time-outs", "the same over the shipped time-out, scaled down alike"],
  ]),
  ...delays("direct", "direct", "between a message and its echo without a proxy, one at a time", {
    generatorBound: false,
  }),
  ...delays("proxied", "by the proxy", "the same by the proxy as documented, in turn with the direct ones", {
    headline: ["P50"],
    compared: ["P50"],
    generatorBound: false,
  }),
  ...entries({ unit: "us", topic: "delay", better: "lower", absence: "the protocol's own clock hides it" }, [
    ["proxyAddedP50Us", "added by the proxy", "p50 by the proxy less p50 direct, of the same trial"],
  ]),
  ...delayRatio(
    ["proxiedP50Us", "directP50Us"],
    [["proxiedOverDirectP50Ratio", "by the proxy over direct", "p50 by the proxy over p50 direct, of the same trial"]],
    "the protocol's own clock hides it",
  ),
  ...entries(
    {
      unit: "us",
      topic: "cost",
      better: "lower",
      absence: "CPU time is read from /proc, which only Linux has",
    },
    [
      [
        "proxyCpuUsPerMessage",
        "proxy CPU per message",
        "CPU time of the proxy's processes for one message and its echo, one at a time: waking up is most of it",
      ],
    ],
  ),
} satisfies Record<string, MetricEntry>;
