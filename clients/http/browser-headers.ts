import type { Options } from "../../protocol/contract.ts";
import { sendsBrowserHeaders } from "../../protocol/options/browser-headers.ts";

// The header fields below are those of Chromium 156.0.8078.114 on Debian 12, x86-64, en-US, captured on 2026-11-30. A test
// holds them to the Chromium of the machine.

/** How a page makes a request: `fetch` from its own origin, an `EventSource`, or a `WebSocket`. */
export type PageRequest = "fetch" | "events" | "upgrade";

type Fields = Readonly<Record<string, string>>;

const userAgent =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
const language: Fields = { "Accept-Language": "en-US,en;q=0.9" };
const encoding: Fields = { "Accept-Encoding": "gzip, deflate, br, zstd" };

/** Of what a page fetches where its origin is trustworthy, which https and loopback are. */
const page: Fields = {
  "sec-ch-ua-platform": '"Linux"',
  "User-Agent": userAgent,
  // Chrome's own name is added: Chromium has the other two.
  "sec-ch-ua": '"Not:A-Brand";v="8", "Chromium";v="156", "Google Chrome";v="156"',
  "sec-ch-ua-mobile": "?0",
  Accept: "*/*",
  "Sec-Fetch-Site": "same-origin",
  "Sec-Fetch-Mode": "cors",
  "Sec-Fetch-Dest": "empty",
  ...encoding,
  ...language,
};

const fields: Readonly<Record<PageRequest, Fields>> = {
  fetch: page,
  events: { ...page, Accept: "text/event-stream", Pragma: "no-cache", "Cache-Control": "no-cache" },
  // Its offer of compression is an option of its own (`+deflate`).
  upgrade: { Pragma: "no-cache", "Cache-Control": "no-cache", "User-Agent": userAgent, ...encoding, ...language },
};

/**
 * Header fields that a browser adds by itself to a request of a page at the root of the URL's origin, beside `Host`,
 * `Connection`, those of the body and the cookies; undefined where the target does not ask for them.
 */
export function pageHeaders(
  options: Options | undefined,
  request: PageRequest,
  url: URL,
  method = "GET",
): Fields | undefined {
  if (!sendsBrowserHeaders(options)) return undefined;
  const origin = `${url.protocol.replace("ws", "http")}//${url.host}`;
  return {
    ...fields[request],
    ...(request !== "upgrade" && { Referer: `${origin}/` }),
    ...((request === "upgrade" || method !== "GET") && { Origin: origin }),
  };
}
