/** What experiments measure that set one protocol beside another. */
import { delayRatio, delays, entries, type MetricEntry } from "./metric.ts";

const unseenCpu = "the CPU time of this server could not be seen; see [validity](#validity)";

const notInThisCell = "not measured in this cell, or not to be seen from here";

export const comparisonMetrics = {
  ...delays("roundTrip", "round trip", "received - sent"),
  ...delays("scheduled", "from schedule", "received - scheduled: what a user waits, queueing in the client included", {
    headline: ["P50"],
    compared: ["P50", "P99"],
  }),
  ...delays("dispatch", "dispatch", "sent - scheduled: how late the load generator itself was", {
    topic: "generator",
    generatorBound: false,
  }),
  ...delays("uplink", "uplink", "one-way delay, client to server, with both directions busy", {
    headline: ["P50"],
    compared: ["P50"],
  }),
  ...delays("downlink", "downlink", "one-way delay, server to client, with both directions busy", {
    headline: ["P50"],
    compared: ["P50"],
  }),
  ...delays("uplinkAlone", "uplink alone", "one-way delay of the uplink while the other direction is idle"),
  ...delays("downlinkAlone", "downlink alone", "one-way delay of the downlink while the other direction is idle"),
  ...delayRatio(
    ["uplinkP50Us", "uplinkAloneP50Us"],
    [
      [
        "uplinkInterferenceP50Ratio",
        "uplink interference p50",
        "one-way p50 of the uplink with both directions busy, over the same with it alone, trial by trial",
      ],
    ],
  ),
  ...delayRatio(
    ["downlinkP50Us", "downlinkAloneP50Us"],
    [
      [
        "downlinkInterferenceP50Ratio",
        "downlink interference p50",
        "one-way p50 of the downlink with both directions busy, over the same with it alone, trial by trial",
      ],
    ],
  ),
  ...entries(
    { unit: "us", topic: "delay", better: "lower", whenGeneratorBound: "at-most", absence: "the cell is no relay" },
    [["echoP50Us", "echo p50", "round trip of an echo of the same target, measured in turn with the relay"]],
  ),
  ...delayRatio(
    ["roundTripP50Us", "echoP50Us"],
    [
      [
        "relayOverEchoP50Ratio",
        "relay over echo p50",
        "median round trip by way of another user over that of the echo, trial by trial",
      ],
    ],
    "the cell is no relay",
  ),
  ...delays(
    "connect",
    "connect",
    "from the start of a connection until the first message can be sent, one connection after the other, or of a server that takes more than 100 ms, one every 50 ms",
    {
      absence: "too few connections for this percentile, or, on an emulated link, nothing that a new one waits for",
      compared: ["P50"],
      // Connections are opened alike whatever the load: once is enough.
      comparedIn: "open loop",
      generatorBound: false,
    },
  ),
  ...entries(
    {
      unit: "perSecond",
      topic: "rate",
      better: "higher",
      headline: true,
      compared: "closed loop",
      whenGeneratorBound: "at-least",
    },
    [
      [
        "achievedRatePerSecond",
        "achieved rate",
        "messages the window carried, per second, all flows together: of a schedule those due in it that came, of a closed loop each by the share of its way in it",
      ],
    ],
  ),
  ...entries({ unit: "perSecond", topic: "rate", better: "higher", whenGeneratorBound: "at-least" }, [
    ["capacityRatePerSecond", "capacity", "highest offered rate that held the objective, twice; 0 if none did"],
  ]),
  ...entries(
    { unit: "bytes", topic: "delivery", better: "higher", compared: "closed loop", whenGeneratorBound: "at-least" },
    [
      [
        "goodputBytesPerSecond",
        "goodput per second",
        "bytes of payloads that came back per second, one transfer of each connection at a time; what carries them is not counted",
      ],
    ],
  ),
  ...entries(
    { unit: "ratio", topic: "cost", better: "lower", compared: "closed loop", absence: "no bytes were counted" },
    [
      [
        "wireOverPayloadBytesRatio",
        "wire over payload bytes",
        "bytes above TCP for one payload there and back, over twice the payload",
      ],
    ],
  ),
  ...entries({ unit: "share", topic: "delivery", better: "higher", absence: "nobody was cut off in this cell" }, [
    ["noticedFraction", "told of the end", "subscribers that were told within 2 s that a user had been cut off"],
  ]),
  ...entries({ unit: "us", topic: "cost", better: "lower", compared: true, absence: notInThisCell }, [
    [
      "serverCpuUsPerRecipient",
      "server CPU per delivery",
      "CPU time of the server's processes within the window, over the deliveries that were made in it",
    ],
  ]),
  ...entries({ unit: "us", topic: "generator", better: "lower", absence: notInThisCell }, [
    [
      "generatorCpuUsPerRecipient",
      "client CPU per delivery",
      "CPU time of the process that all users are, over their deliveries; its waking up by the schedule included",
    ],
  ]),
  ...entries({ unit: "bytes", topic: "cost", better: "lower", compared: true, absence: notInThisCell }, [
    [
      "wireBytesPerRecipient",
      "wire bytes per delivery",
      "bytes above TCP, both ways and of all users, over the deliveries: the publisher's own are among them",
    ],
  ]),
  ...entries({ unit: "us", topic: "cost", better: "lower", absence: unseenCpu }, [
    ["serverCpuUsPerKib", "server CPU per KiB", "CPU time of the server's processes for 1,024 bytes there and back"],
  ]),
  ...entries({ unit: "us", topic: "generator", better: "lower", absence: unseenCpu }, [
    [
      "generatorCpuUsPerKib",
      "client CPU per KiB",
      "CPU time of the load generators, which are both ends, for 1,024 bytes there and back",
    ],
  ]),
  ...entries({ unit: "us", topic: "cost", better: "lower", compared: true, absence: unseenCpu }, [
    [
      "serverCpuUsPerMessage",
      "server CPU per message",
      "CPU time of the server's processes within the window, over the messages handled in it",
    ],
  ]),
  ...entries(
    {
      unit: "us",
      topic: "generator",
      better: "lower",
      absence: "known where both ends of a message are one process",
    },
    [
      [
        "generatorCpuUsPerMessage",
        "client CPU per message",
        "CPU time of the load generators over the round trips they saw; in an open loop their waking up by the schedule included",
      ],
    ],
  ),
  ...entries({ unit: "us", topic: "generator", better: "lower", absence: "a closed loop follows no schedule" }, [
    [
      "pacingPeriodUs",
      "pacing period",
      "least time between two turns of a load generator's pacer: messages that fall due within it leave together at its end; 1 ms over the number of cores",
    ],
  ]),
  ...entries({ unit: "count", topic: "generator", absence: "nothing was sent" }, [
    [
      "generatorMessagesPerWrite",
      "messages per write",
      "messages that one write of a load generator carried: 1 in an open loop, but where they wait for the request before; what a closed loop sends at once leaves together, and a server that reads several at once spends less on each",
    ],
  ]),
  // In a closed loop several messages share a request, so bytes tell of the rate too.
  ...entries(
    { unit: "bytes", topic: "cost", better: "lower", compared: "open loop", absence: "no bytes were counted" },
    [
      [
        "wireBytesPerMessage",
        "wire bytes per round trip",
        "bytes above TCP, both ways, for one message and its echo, requests that found nothing included",
      ],
    ],
  ),
  ...entries({ unit: "bytes", topic: "cost", better: "lower", absence: "no bytes were counted" }, [
    ["overheadBytesPerMessage", "overhead bytes per round trip", "wire bytes less twice the payload"],
  ]),
  ...entries({ unit: "count", topic: "cost", better: "lower", absence: "not counted, or nothing arrived" }, [
    [
      "connectionsPerMessage",
      "connections per message",
      "TCP connections that users opened within the window, after they had connected, over the messages that arrived in it",
    ],
  ]),
  ...entries({ unit: "bytes", topic: "cost", better: "lower", absence: "no bytes were counted" }, [
    [
      "wireBytesPerConnection",
      "wire bytes per connection",
      "bytes above TCP, both ways, to open a connection and close it again without a message in between",
    ],
  ]),
  ...entries(
    {
      unit: "memory",
      topic: "cost",
      better: "lower",
      headline: true,
      compared: true,
      notComparedIf: "used-server",
      absence: "memory is read from /proc, which only Linux has, of processes that this user may look into",
    },
    [
      [
        "memoryBytesPerConnection",
        "memory per connection",
        "slope of the line through the server's anonymous memory at several counts of idle connections",
      ],
    ],
  ),
  ...entries(
    {
      unit: "us",
      topic: "cost",
      better: "lower",
      absence: "CPU time is read from /proc, which only Linux has, of processes that this user may look into",
    },
    [
      [
        "idleCpuUsPerConnectionSecond",
        "server CPU per idle connection and second",
        "CPU time of the server's processes while all connections are idle, over connections and seconds",
      ],
    ],
  ),
  ...entries({ unit: "bytes", topic: "cost", better: "lower", absence: "no bytes were counted" }, [
    [
      "idleWireBytesPerConnectionSecond",
      "wire bytes per idle connection and second",
      "bytes above TCP, both ways, while all connections are idle, over connections and seconds",
    ],
  ]),
  ...entries({ unit: "messages", topic: "delivery", better: "lower", absence: "not counted" }, [
    ["sentMessages", "sent", "messages offered"],
    ["receivedMessages", "received", "messages delivered at least once"],
    ["lostMessages", "lost", "messages that never arrived although a later one did"],
    ["duplicatedMessages", "duplicated", "arrivals beyond the first"],
    ["reorderedMessages", "reordered", "arrivals after a later message"],
    ["censoredMessages", "censored", "still on the way when the drain was over"],
    ["corruptedMessages", "corrupted", "arrivals with the wrong bytes"],
  ]),
} satisfies Record<string, MetricEntry>;
