/** What it takes until a user who comes for the first time hears the echo of a first message. */
import { delays, entries, type MetricEntry } from "./metric.ts";

const elsewhere = "measured where the distances are those of the experiment";

export const openingMetrics = {
  ...delays(
    "coldStart",
    "first echo",
    "from the start of a new connection until the echo of the first message is back, one connection after the other; a name is not looked up, a derived key not kept",
    { headline: ["P50"], compared: ["P50"], generatorBound: false },
  ),
  ...entries({ unit: "us", topic: "delay", better: "lower", absence: elsewhere }, [
    ["coldStartAt40MsP50Us", "first echo at 40 ms p50", "the same over an emulated link of 40 ms there and back"],
    ["coldStartAt80MsP50Us", "first echo at 80 ms p50", "the same over an emulated link of 80 ms there and back"],
    ["coldStartAt120MsP50Us", "first echo at 120 ms p50", "the same over an emulated link of 120 ms there and back"],
  ]),
  ...entries({ unit: "ratio", topic: "cost", better: "lower", absence: elsewhere }, [
    [
      "coldStartRoundTrips",
      "round trips until the first echo",
      "slope of the line through the least times over emulated links of 20, 40, 80 and 120 ms there and back: how often distance is paid, whatever else it takes",
    ],
  ]),
  ...entries({ unit: "count", topic: "cost", better: "lower", absence: "nothing was encrypted" }, [
    ["fullTlsHandshakes", "full TLS handshakes", "with the server's certificate and its signature, in one trial"],
    [
      "resumedTlsHandshakes",
      "resumed TLS handshakes",
      "of a session begun before (RFC 8446 section 2.2), in one trial",
    ],
  ]),
} satisfies Record<string, MetricEntry>;
