/** What is measured of values that a server sends by itself. */
import { delays, entries, type MetricEntry } from "./metric.ts";

const noHeldRequest = "no request of this protocol waits at the server, or too few messages for this percentile";
const noLink = "no link lies between users and server, or too few messages for this percentile";

export const pushMetrics = {
  ...entries({ unit: "us", topic: "delay", better: "lower", headline: true, compared: true }, [
    [
      "ageMeanUs",
      "age of information",
      "time since the newest value that a user has was produced, averaged over time and users: the area under its saw-tooth (Kaul, Yates, Gruteser 2012)",
    ],
  ]),
  ...entries({ unit: "us", topic: "delay", better: "lower" }, [
    [
      "ageOverSourceMeanUs",
      "age over the source's",
      "mean age less what it would have been of a user who has every value at the instant it is produced: what the way adds",
    ],
  ]),
  ...delays("push", "push", "one-way delay of what a server sends by itself, received - sent, nobody else sending", {
    headline: ["P50"],
    compared: ["P50"],
  }),
  ...entries({ unit: "us", topic: "delay", better: "lower", absence: "something never came" }, [
    ["pushMeanUs", "push mean", "mean of the same delay"],
  ]),
  ...entries({ unit: "share", topic: "delay", absence: noHeldRequest }, [
    [
      "parkedShare",
      "poll parked",
      "values that found a request of their user waiting at the server, of all; the others fell between two polls",
    ],
  ]),
  ...delays("parkedPoll", "poll parked", "one-way delay of values that found a request of their user waiting", {
    absence: noHeldRequest,
  }),
  ...delays("betweenPolls", "between polls", "one-way delay of values that fell between two requests of their user", {
    absence: noHeldRequest,
  }),
  ...entries({ unit: "ratio", topic: "delay", better: "lower", absence: noLink }, [
    [
      "pushOverTransitP50Ratio",
      "push over transit p50",
      "median one-way delay over half the round-trip time of the link",
    ],
    [
      "parkedPollOverTransitP50Ratio",
      "poll parked over transit p50",
      "the same of values that found a request waiting",
    ],
    [
      "betweenPollsOverTransitP50Ratio",
      "between polls over transit p50",
      "the same of values that fell between two requests",
    ],
    [
      "betweenPollsOverTransitP90Ratio",
      "between polls over transit p90",
      "one-way delay that 9 of 10 values which fell between two requests had at most, over half the round-trip time of the link",
    ],
    [
      "exchangeOverRoundTripP50Ratio",
      "exchange over round trip p50",
      "median time from a message to its answer, one at a time, over the round-trip time of the link",
    ],
  ]),
  ...entries({ unit: "bytes", topic: "cost", better: "lower", compared: true, absence: "no bytes were counted" }, [
    [
      "wireBytesPerUpdate",
      "wire bytes per value",
      "bytes above TCP, both ways, over the values that arrived: requests that found nothing are among them",
    ],
  ]),
  ...entries({ unit: "bytes", topic: "cost", better: "lower", absence: "no bytes were counted" }, [
    [
      "askedBytesPerUpdate",
      "bytes asked per value",
      "bytes above TCP that users sent while values came, over the values that arrived: 0 where nobody has to ask",
    ],
  ]),
} satisfies Record<string, MetricEntry>;
