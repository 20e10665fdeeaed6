import type { Options, ProtocolClient } from "../../protocol/contract.ts";
import { describeError } from "../../protocol/errors.ts";
import { encodedBytesMax } from "../../protocol/wires/payload.ts";
import { pageHeaders } from "../http/browser-headers.ts";
import { httpConnection } from "../http/connection.ts";
import { setCookies } from "../http/cookie-jar.ts";
import { connectEvents, type EventStream, type EventStreamOptions, eventTypes } from "../http/event-link.ts";
import { contentEncoding, unwantedEncoding } from "../http/exchange.ts";
import { EventParser } from "./event-parser.ts";

/** Reads its events out of the bytes of the response, by undici's `dispatch`: no streams, no `fetch`. */
export const leanSseClient: ProtocolClient = {
  connect: (options) => connectEvents(options, openStream),
};

function openStream({ url, payloadBytesMax, cookies, options, event, ended }: EventStreamOptions): EventStream {
  const connection = httpConnection(url.origin, { headersTimeout: 0, bodyTimeout: 0 });
  let isOpen = true;
  const destroy = (): void => {
    isOpen = false;
    connection.destroy();
  };
  const end = (by: "server" | "network", cause: Error): void => {
    if (!isOpen) return;
    destroy();
    ended({ by, message: describeError(cause) }, cause);
  };
  const parser = new EventParser(
    encodedBytesMax(payloadBytesMax),
    (type, data) => {
      if (isOpen && (eventTypes as readonly string[]).includes(type)) event(type, data);
    },
    (reason) => end("network", new Error(reason)),
  );
  const cookie = cookies?.header();
  connection.client.dispatch(
    {
      method: "GET",
      path: url.pathname + url.search,
      headers: {
        ...(pageHeaders(options, "events", url) ?? {
          accept: "text/event-stream",
          "accept-encoding": "identity",
          "cache-control": "no-store",
        }),
        ...(cookie !== undefined && { cookie }),
      },
    },
    {
      onRequestStart() {},
      onResponseStart(_controller, status, headers) {
        cookies?.keep(setCookies(headers));
        const fault = faultOf(status, headers, options);
        if (fault !== undefined) end("server", fault);
      },
      onResponseData(_controller, chunk) {
        try {
          if (isOpen) parser.push(chunk);
        } catch (error) {
          // undici would take what a listener throws for a failure of the request, and hide it.
          process.nextTick(() => {
            throw error;
          });
        }
      },
      onResponseEnd: () => end("server", new Error("end of stream")),
      onResponseError: (_controller, error) => end("network", error),
    },
  );
  return { compression: undefined, destroy };
}

/** Why an answer is no event stream. */
function faultOf(
  status: number,
  headers: Parameters<typeof setCookies>[0],
  options: Options | undefined,
): Error | undefined {
  if (status >= 300 && status < 400) return new Error(`unexpected redirect: ${status}`);
  if (status !== 200) return new Error(`unexpected answer: ${status}`);
  const type = String(headers["content-type"] ?? "");
  if (!/^text\/event-stream *(;|$)/i.test(type)) {
    return new Error(`expected content type text/event-stream, got "${type}"`);
  }
  const encoding = contentEncoding(headers["content-encoding"]);
  return encoding === undefined ? undefined : unwantedEncoding("stream", encoding, options);
}
