/** What one server gives to a page in a browser, and to a program. */
import { delayRatio, delays, entries, type MetricEntry } from "./metric.ts";

const both = { headline: ["P50"], compared: ["P50"], generatorBound: false } as const;

export const browserMetrics = {
  ...entries({ unit: "count", topic: "delivery", better: "higher" }, [
    ["pageExactTextEchoes", "exact texts, page", "texts a page sent that came back to it as they went, in their place"],
    [
      "pageExactBinaryEchoes",
      "exact bytes, page",
      "binary messages a page sent that came back to it byte for byte, as binary, in their place",
    ],
    ["programExactTextEchoes", "exact texts, program", "the same texts, sent by a program"],
    ["programExactBinaryEchoes", "exact bytes, program", "the same binary messages, sent by a program"],
  ]),
  ...delays(
    "pageRoundTrip",
    "round trip, page",
    "from the send of a page in a browser to the event of its echo, by the clock that a browser gives a page; one message in flight",
    both,
  ),
  ...delays(
    "programRoundTrip",
    "round trip, program",
    "from the send of a program to its echo, with the client library; one message in flight",
    both,
  ),
  ...delayRatio(
    ["pageRoundTripP50Us", "programRoundTripP50Us"],
    [
      [
        "pageOverProgramRoundTripP50Ratio",
        "page over program p50",
        "round trip of a page over that of a program at the same server, both p50: what the browser itself takes",
      ],
    ],
  ),
  ...entries({ unit: "us", topic: "delay", absence: "no page was open" }, [
    [
      "pageClockStepUs",
      "step of the page's clock",
      "the least by which the clock of the page was seen to advance: a browser keeps it coarse, and no round trip of a page is known better",
    ],
  ]),
} satisfies Record<string, MetricEntry>;
