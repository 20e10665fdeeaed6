/** What is measured of servers that talk to each other. */
import { delayRatio, delays, entries, type MetricEntry } from "./metric.ts";

export const federationMetrics = {
  ...delays("sameServer", "same server", "round trip to somebody on the user's own server"),
  ...delayRatio(
    ["roundTripP50Us", "sameServerP50Us"],
    [
      [
        "federatedP50Ratio",
        "federated over same server, p50",
        "round-trip p50 to somebody on another server, over the same to somebody on the user's own, trial by trial",
      ],
    ],
  ),
  ...entries({ unit: "ratio", topic: "delay", better: "lower", whenGeneratorBound: "unknown" }, [
    [
      "firstRoundTripRatio",
      "first over later",
      "round trip of the first message to another server over the p50 of later ones, trial by trial",
    ],
  ]),
  ...entries({ unit: "ms", topic: "delay", better: "lower" }, [
    [
      "firstRoundTripMs",
      "first round trip",
      "of the first message between two servers that have just started: they find each other, prove who they are and, where they encrypt, shake hands, in each direction",
    ],
    [
      "sameServerFirstRoundTripMs",
      "first round trip, same server",
      "of the first message on a server that has just started",
    ],
  ]),
  ...entries(
    { unit: "us", topic: "cost", better: "lower", absence: "the CPU time of these servers could not be seen" },
    [
      [
        "sameServerCpuUsPerMessage",
        "server CPU per message, same server",
        "CPU time of the user's own server, over the round trips to somebody on it",
      ],
    ],
  ),
} satisfies Record<string, MetricEntry>;
