/** What an application that is given as a profile makes of a target. */
import { delays, entries, type MetricEntry } from "./metric.ts";

const unseen = "no bytes were counted, or the processes of the server could not be seen";

export const profileMetrics = {
  ...delays(
    "uplinkScheduled",
    "uplink from when it was due",
    "received - due, client to server, with the other direction idle",
    { compared: ["P50"] },
  ),
  // How late our server is with the last of many recipients is its own doing, and what the user waits for.
  ...delays(
    "downlinkScheduled",
    "downlink from when it was due",
    "received - due, server to client, the same update due to all its recipients at once, with the other direction idle",
    { compared: ["P50"], generatorBound: false },
  ),
  ...entries({ unit: "bytes", topic: "cost", better: "lower", headline: true, compared: true, absence: unseen }, [
    [
      "wireBytesPerUserHour",
      "bytes per user-hour",
      "bytes above TCP, both ways: 3600 s x (idle bytes per second + active share x (messages per second x bytes of one above idle, of both directions)) + bytes to connect / hours of a session",
    ],
  ]),
  ...entries({ unit: "bytes", topic: "cost", better: "lower", absence: unseen }, [
    ["standingBytesPerUserHour", "standing bytes per user-hour", "what of it is there without a single message"],
  ]),
  ...entries({ unit: "us", topic: "cost", better: "lower", headline: true, compared: true, absence: unseen }, [
    [
      "serverCpuUsPerUserSecond",
      "server CPU per user and second",
      "CPU time of the server's processes: idle per second + active share x (messages per second x CPU time of one above idle, of both directions); the server's own waking up by the schedule included, connecting not",
    ],
  ]),
} satisfies Record<string, MetricEntry>;
