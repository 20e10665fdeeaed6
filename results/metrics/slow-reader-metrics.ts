/** What is measured where one of several readers stops to read. */
import { delayRatio, delays, entries, type MetricEntry } from "./metric.ts";

const notGivenUp = "nobody was given up";
const notOurs = "only the server this project brings tells";
const unseen = "the memory of this server could not be seen";

export const slowReaderMetrics = {
  ...delays("others", "others", "received - sent, at those who read, while one does not", {
    compared: ["P99"],
  }),
  ...delays("othersBefore", "others before", "the same while everybody reads"),
  ...delayRatio(
    ["othersP99Us", "othersBeforeP99Us"],
    [
      [
        "othersOverBeforeP99Ratio",
        "others over before p99",
        "p99 of those who read while one does not, over the same while everybody reads, trial by trial",
      ],
    ],
  ),
  ...entries({ unit: "memory", topic: "recovery", better: "lower", absence: notGivenUp }, [
    [
      "givenUpAfterBytes",
      "given up after",
      "payload sent to a reader from when it stopped reading until its server gave it up: what kernel and server held for it",
    ],
  ]),
  ...entries({ unit: "memory", topic: "cost", better: "lower", absence: notOurs }, [
    [
      "readerQueueMaxBytes",
      "queued for a reader",
      "most that waited in the server process for one reader, before a further message",
    ],
  ]),
  ...entries({ unit: "memory", topic: "cost", better: "lower", absence: unseen }, [
    [
      "memoryGrowthBytes",
      "server memory grew by",
      "most anonymous memory of the server in the window in which one reader does not read, less what it had at its start; garbage that was not collected yet is in it",
    ],
    ["memoryGrowthBeforeBytes", "and before", "the same in the window in which everybody reads"],
  ]),
} satisfies Record<string, MetricEntry>;
