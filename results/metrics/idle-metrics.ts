/** What a user costs who is connected and silent, and how long nobody notices that a connection is dead. */
import { entries, type MetricEntry } from "./metric.ts";

const scaled = "counted for a heartbeat at intervals of milliseconds, times the usual heartbeats of an hour";
const noHeartbeat = "there was no heartbeat";
const unmetered = "there was no heartbeat, the processes could not be seen, or a busy machine gave users up";
const unnoticed = "nobody noticed while the trial lasted";

export const idleMetrics = {
  ...entries({ unit: "bytes", topic: "cost", better: "lower", headline: true, compared: true, absence: noHeartbeat }, [
    ["idleWireBytesPerUserHour", "bytes per idle user-hour", `bytes above TCP, both ways, TLS in them: ${scaled}`],
  ]),
  ...entries({ unit: "bytes", topic: "cost", better: "lower", absence: noHeartbeat }, [
    [
      "idleIpBytesPerUserHour",
      "bytes with TCP/IP per idle user-hour",
      "the same and 40 B for each packet (20 IPv4, 20 TCP, without options): what a mobile bill counts",
    ],
    [
      "heartbeatBytes",
      "bytes per heartbeat",
      "bytes above TCP of one heartbeat and its answer: the middle of those heard",
    ],
  ]),
  ...entries({ unit: "count", topic: "cost", better: "lower", compared: true, absence: noHeartbeat }, [
    [
      "idlePacketsPerUserHour",
      "packets per idle user-hour",
      `segments with data and acknowledgements, both ways: ${scaled}`,
    ],
    [
      "idleWakeUpsPerUserHour",
      "radio wake-ups per idle user-hour",
      "how often something crosses the wire after silence, which is once for each heartbeat: what wakes the radio of a phone",
    ],
  ]),
  ...entries({ unit: "count", topic: "cost", better: "lower", absence: noHeartbeat }, [
    [
      "heartbeatPackets",
      "packets per heartbeat",
      "segments as few as carry what was heard, an acknowledgement for the last word on each connection, and seven for a connection that is made for it; by arithmetic",
    ],
  ]),
  ...entries({ unit: "ms", topic: "cost", better: "lower", compared: true, absence: unmetered }, [
    [
      "idleServerCpuMsPerUserHour",
      "server CPU per idle user-hour",
      `CPU time of the server's process with many silent users: ${scaled}; many of them in each turn, so a lower figure for few users`,
    ],
  ]),
  ...entries({ unit: "ratio", topic: "cost", absence: noHeartbeat }, [
    [
      "heartbeatBytesRatio",
      "bytes per heartbeat, interval doubled",
      "bytes of a heartbeat at twice the interval over those at the interval: 1 where an hour is as many heartbeats as it has intervals",
    ],
  ]),
  ...entries({ unit: "ratio", topic: "loss", better: "lower", absence: unnoticed }, [
    [
      "serverNoticesAfterIntervals",
      "server notices, in heartbeats",
      "from the silence of the way to the end of the connection as the server saw it, of the last of the users, in intervals of the heartbeat",
    ],
    ["clientNoticesAfterIntervals", "client notices, in heartbeats", "the same as the clients saw it"],
  ]),
  ...entries({ unit: "ms", topic: "loss", better: "lower", absence: unnoticed }, [
    [
      "serverNoticesAfterMs",
      "server notices after",
      "the same at the usual interval: by arithmetic, no such time was waited for",
    ],
    ["clientNoticesAfterMs", "client notices after", "the same as the clients saw it, at the usual interval"],
  ]),
  ...entries({ unit: "share", topic: "loss", better: "lower" }, [
    [
      "serverNeverNoticedShare",
      "server never noticed",
      "share of the users of whom the server still thought that they were there when the trial ended, several heartbeats after the way had gone silent",
    ],
    [
      "clientNeverNoticedShare",
      "client never noticed",
      "share of the users who still thought that the server was there",
    ],
  ]),
} satisfies Record<string, MetricEntry>;
