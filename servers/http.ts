import type { ProtocolServer } from "../protocol/contract.ts";
import { browserHeaders } from "../protocol/options/browser-headers.ts";
import { close } from "../protocol/options/close.ts";
import { h2 } from "../protocol/options/h2.ts";
import { tls } from "../protocol/options/tls.ts";
import { postFraming } from "../protocol/wires/framing-bytes.ts";
import { listenAnswering } from "./http/answering.ts";

/** HTTP as most applications use it (RFC 9110): a request carries a message, its response what the server says in answer. */
export const httpServer: ProtocolServer = {
  traits: {
    name: "http",
    aliases: ["rest", "request-response"],
    title: "HTTP",
    summary:
      "a request for each message, whose response carries the answer; up to six keep-alive connections per user, and nothing comes unasked",
    uplink: "request",
    downlink: "response",
    variantOf: "long-polling",
    framing: "text",
    schemes: ["http:", "https:"],
    foreignContract:
      'POST to the URL takes a JSON array of one message (a string, or {"base64"} for binary), or of none when a user ' +
      "comes, and answers 200 with the same array; several requests of a user come at once",
    specification: "RFC 9110",
    provides: ["acknowledgement"],
    options: [close, browserHeaders, h2, tls],
    framingBytes: postFraming,
    libraries: { server: [], client: ["undici"] },
  },

  listen: listenAnswering,
};
