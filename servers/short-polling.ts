import type { ProtocolServer } from "../protocol/contract.ts";
import { browserHeaders } from "../protocol/options/browser-headers.ts";
import { close } from "../protocol/options/close.ts";
import { h2 } from "../protocol/options/h2.ts";
import { heartbeat } from "../protocol/options/heartbeat.ts";
import { pollInterval, pollIntervalMs } from "../protocol/options/poll-interval.ts";
import { tls } from "../protocol/options/tls.ts";
import { listenPolling, pollingContract, pollingFraming } from "./http/polling.ts";

/** Short polling over HTTP/1.1 (RFC 9110): the client asks on a timer and is answered at once. */
export const shortPollingServer: ProtocolServer = {
  traits: {
    name: "short-polling",
    aliases: ["polling"],
    title: "Short polling",
    summary: "HTTP requests on a timer, answered at once; one keep-alive connection per user",
    uplink: "request",
    downlink: "polled",
    framing: "text",
    schemes: ["http:", "https:"],
    foreignContract: pollingContract("204 at once if there is none"),
    specification: "RFC 9110",
    provides: ["acknowledgement"],
    resumesBy: "request",
    options: [
      pollInterval,
      close,
      browserHeaders,
      h2,
      heartbeat({
        usual: "10s",
        does: "polls are the heartbeat: who has not asked for two intervals, e.g. of 10s, is given up",
      }),
      tls,
    ],
    heartbeat: {
      noticedBy: ["server", "client"],
      practice: "a choice: a message waits as long, and somebody who waits for it will hardly bear more",
    },
    framingBytes: pollingFraming,
    deliveryFloorMs: pollIntervalMs,
    libraries: { server: [], client: ["undici"] },
  },

  listen: (options) => listenPolling(options, 0),
};
