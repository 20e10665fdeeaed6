/** What is measured where one server writes to many. */
import { delays, entries, type MetricEntry } from "./metric.ts";

const notSeen = "too few samples, or publications could not be told apart from both ends";

export const fanOutMetrics = {
  ...entries({ unit: "us", topic: "fanOut", better: "lower", absence: notSeen }, [
    ["loopP50Us", "loop p50", "at the server, from the first write of a message to its last one"],
    [
      "loopStretchP50Us",
      "longest stretch p50",
      "at the server, the longest stretch in which nobody else had a turn of the event loop: writes in a row, and what they put off to the end of the turn",
    ],
  ]),
  ...entries({ unit: "share", topic: "fanOut", absence: notSeen }, [
    [
      "heardWithinLoopFraction",
      "heard within the loop",
      "messages whose first recipient had them before the server had written the last copy, of all",
    ],
  ]),
  ...entries({ unit: "messages", topic: "fanOut", absence: notSeen }, [
    [
      "servedWithinLoopMessages",
      "others served within the loop",
      "messages of somebody else that the server handled between the first write of a message and the last",
    ],
  ]),
  ...delays("bystander", "bystander", "round trip of somebody else on the same server while messages go to many"),
  ...delays("bystanderAlone", "bystander alone", "round trip of the same user while nothing else happens"),
} satisfies Record<string, MetricEntry>;
