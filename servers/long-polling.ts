import type { ProtocolServer } from "../protocol/contract.ts";
import { browserHeaders } from "../protocol/options/browser-headers.ts";
import { close } from "../protocol/options/close.ts";
import { h2 } from "../protocol/options/h2.ts";
import { heartbeat } from "../protocol/options/heartbeat.ts";
import { tls } from "../protocol/options/tls.ts";
import { listenPolling, pollingContract, pollingFraming } from "./http/polling.ts";

/** RFC 6202 section 5.5 knows 30 seconds as safe for the intermediaries in use; this stays below with a margin. */
const holdMs = 25_000;

/** Long polling over HTTP/1.1 (RFC 6202): the server holds each request until there is a message to answer with. */
export const longPollingServer: ProtocolServer = {
  traits: {
    name: "long-polling",
    aliases: ["comet"],
    title: "Long polling",
    summary: "HTTP requests the server holds until it has a message (RFC 6202); two keep-alive connections per user",
    uplink: "request",
    downlink: "held-request",
    framing: "text",
    schemes: ["http:", "https:"],
    foreignContract: pollingContract("holds the request for up to 25 s if there is none, then 204"),
    specification: "RFC 6202",
    provides: ["acknowledgement"],
    resumesBy: "request",
    options: [
      close,
      browserHeaders,
      h2,
      heartbeat({
        usual: "25s",
        does: "the server holds a request for as long, e.g. 25s, and then answers that there is nothing",
      }),
      tls,
    ],
    heartbeat: {
      noticedBy: ["server", "client"],
      practice: "RFC 6202 section 5.5 knows 30 seconds as safe for the intermediaries in use",
    },
    framingBytes: pollingFraming,
    leavesAfterTurn: () => true,
    libraries: { server: [], client: ["undici"] },
  },

  listen: (options) => listenPolling(options, holdMs),
};
