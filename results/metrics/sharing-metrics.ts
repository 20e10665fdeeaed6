/** What it is to share: a connection with other users, or a line with a large message. */
import { delays, entries, type MetricEntry } from "./metric.ts";

export const sharingMetrics = {
  ...delays(
    "userDelay",
    "echo of a user",
    "received - scheduled, of all users over the link, each as often as the others, nothing broken",
    { headline: ["P50"], compared: ["P50"], generatorBound: false },
  ),
  ...delays(
    "besideStall",
    "echo beside a stall",
    "received - scheduled, of all users but the first, in a window in which nothing gets through for a while on the way of the first user's connection",
    { generatorBound: false },
  ),
  ...delays(
    "besidePause",
    "echo beside a user who does not read",
    "received - scheduled, of all users but the first, in a window in which the first user does not take what comes for a while",
    { generatorBound: false },
  ),
  ...entries({ unit: "count", topic: "delivery", better: "lower" }, [
    [
      "heldUpUsers",
      "users held up",
      "users of whom nothing that they sent during the stall was back before it was over, in one trial",
    ],
    [
      "heldUpByPauseUsers",
      "users held up by one who does not read",
      "users of whom nothing that they sent while the first user did not read was back before it read again, the first among them, in one trial",
    ],
  ]),
  ...entries({ unit: "us", topic: "delay", better: "lower" }, [
    [
      "newUserP50Us",
      "new user p50",
      "from the arrival of a user until the echo of its first message, over the link, one user after the other: the middle of all",
    ],
  ]),
  ...entries({ unit: "ratio", topic: "delay", better: "lower" }, [
    [
      "newUserRoundTrips",
      "round trips of a new user",
      "from the arrival of a user until the echo of its first message, of the quickest, in round trips of the link: how often distance is paid",
    ],
  ]),
  ...entries({ unit: "bytes", topic: "cost", better: "lower", absence: "no bytes were counted" }, [
    [
      "openingWireBytesPerUser",
      "wire bytes to arrive",
      "bytes above TCP, both ways, until the first echo of every user was back, over the users",
    ],
  ]),
  ...entries(
    {
      unit: "memory",
      topic: "cost",
      better: "lower",
      absence: "the server's memory could not be seen",
    },
    [
      [
        "memoryBytesPerUser",
        "server memory per user",
        "growth of the server's anonymous memory per user who has said a first message, by 200 users without a link (100 who poll), 40 (20) on a connection where they share one",
      ],
    ],
  ),
  ...entries({ unit: "ratio", topic: "delay", better: "lower" }, [
    [
      "heldUpOverLineTimeRatio",
      "held up by the large message",
      "what a small message took longer behind a large one than the quickest did alone, over the time the line still needed for the large one when the small one was asked for: 1 where it waited for all of it",
    ],
  ]),
  ...entries({ unit: "us", topic: "delay", better: "lower" }, [
    [
      "probeBehindLargeP50Us",
      "small behind large p50",
      "from asking for a small message, one round trip after a large one was asked for, until it was there",
    ],
    [
      "probeAloneP50Us",
      "small alone p50",
      "from asking for a small message until it was there, nothing else on the line",
    ],
    ["largeMessageP50Us", "large message p50", "from asking for the large message until all of it was there"],
  ]),
} satisfies Record<string, MetricEntry>;
