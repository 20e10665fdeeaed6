/** What becomes of updates, and how soon they come again, when the way to their users is cut for a known time. */
import { delays, entries, type MetricEntry } from "./metric.ts";

const nothingPublished = "nothing was published while the way was cut";

export const resumeMetrics = {
  ...entries({ unit: "count", topic: "loss", better: "lower" }, [
    ["lostUpdates", "lost updates", "published since a user had come, and never received by it; all users together"],
    [
      "acceptedThenLostUpdates",
      "accepted, then lost",
      "of those lost: the server handed them to a connection of the user that it took for open, and sending did not fail",
    ],
    ["duplicatedUpdates", "duplicated updates", "received more than once by a user, each further time counted"],
    ["reorderedUpdates", "reordered updates", "received for the first time after one that was published later"],
  ]),
  ...entries({ unit: "share", topic: "loss", better: "lower", absence: nothingPublished }, [
    [
      "lostInOutageShare",
      "lost of the outage",
      "of what was published while the way was refused or silent, the share that never came",
    ],
    [
      "acceptedThenLostShare",
      "accepted, then lost, of the silence",
      "of what was published while the way was silent and nobody had been told, the share that the server took for sent and that never came",
    ],
  ]),
  ...delays(
    "recovery",
    "recovery",
    "from the instant at which the way is whole again to the first update that a user had not heard; waiting before the next attempt included",
    { topic: "recovery", headline: ["P50"], compared: ["P50"], generatorBound: false },
  ),
  ...entries({ unit: "ms", topic: "recovery" }, [
    ["outageMs", "outage", "refused and silent, as imposed on the way, together"],
  ]),
  ...entries({ unit: "count", topic: "recovery", better: "lower" }, [
    [
      "comebackAttempts",
      "attempts to come back",
      "new connections of all users after the first, failed ones included; requests that are only asked again are none",
    ],
  ]),
} satisfies Record<string, MetricEntry>;
