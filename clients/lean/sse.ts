import type { IncomingHttpHeaders } from "node:http";
import { constants } from "node:http2";
import { createGunzip } from "node:zlib";
import type { Options, ProtocolClient } from "../../protocol/contract.ts";
import { describeError } from "../../protocol/errors.ts";
import { compresses } from "../../protocol/options/deflate.ts";
import { encodedBytesMax } from "../../protocol/wires/payload.ts";
import { pageHeaders } from "../http/browser-headers.ts";
import { httpConnection } from "../http/connection.ts";
import { setCookies } from "../http/cookie-jar.ts";
import { lastEventHeader } from "../http/event-id.ts";
import { connectEvents, type EventStream, type EventStreamOptions, eventTypes } from "../http/event-link.ts";
import { EventParser } from "../http/event-parser.ts";
import { contentEncoding, encodingAsked, notCompressed, unwantedEncoding } from "../http/exchange.ts";

/** Reads its events out of the bytes of the response, by undici's `dispatch`: no streams unless compressed, no `fetch`. */
export const leanSseClient: ProtocolClient = {
  connect: (options) => connectEvents(options, openStream),
};

function openStream(asked: EventStreamOptions): EventStream {
  const { url, payloadBytesMax, cookies, options, http2, heard, event, retry, ended } = asked;
  const connection =
    http2 === undefined ? httpConnection(url.origin, { headersTimeout: 0, bodyTimeout: 0 }) : undefined;
  const gunzip = compresses(options) ? createGunzip() : undefined;
  let isOpen = true;
  const destroy = (): void => {
    isOpen = false;
    connection?.destroy();
    stream?.close(constants.NGHTTP2_CANCEL);
    gunzip?.destroy();
  };
  const end = (by: "server" | "network", cause: Error): void => {
    if (!isOpen) return;
    destroy();
    ended({ by, message: describeError(cause) }, cause);
  };
  const parser = new EventParser(
    encodedBytesMax(payloadBytesMax),
    (type, data, id) => {
      if (isOpen && (eventTypes as readonly string[]).includes(type)) event(type, data, id);
    },
    (reason) => end("network", new Error(reason)),
    retry,
  );
  const parse = (chunk: Buffer): void => {
    if (isOpen) parser.push(chunk);
  };
  const endOfStream = (): void => end("server", new Error("end of stream"));
  gunzip
    ?.on("data", parse)
    .on("end", endOfStream)
    .on("error", (error) => end("network", error));
  const cookie = cookies?.header();
  const request = {
    method: "GET" as const,
    path: url.pathname + url.search,
    headers: {
      ...(pageHeaders(options, "events", url) ?? {
        accept: "text/event-stream",
        "accept-encoding": encodingAsked(options),
        "cache-control": "no-store",
      }),
      ...(cookie !== undefined && { cookie }),
      ...lastEventHeader(asked.lastEventId),
    },
  };
  const started = (status: number, headers: IncomingHttpHeaders): void => {
    cookies?.keep(setCookies(headers));
    const fault = faultOf(status, headers, options);
    if (fault !== undefined) end("server", fault);
  };
  const take = (chunk: Buffer, from: { pause(): void; resume(): void }): void => {
    heard();
    if (gunzip === undefined) parse(chunk);
    if (gunzip === undefined || !isOpen || gunzip.write(chunk)) return;
    from.pause();
    gunzip.once("drain", () => from.resume());
  };
  // What was compressed is still on its way.
  const complete = (): void => (gunzip === undefined ? endOfStream() : void gunzip.end());
  const stream = http2?.request(request, {
    started,
    data: (chunk) => take(chunk, stream!),
    ended: complete,
    failed: (cause) => end("network", cause),
  });
  connection?.client.dispatch(request, {
    onRequestStart() {},
    onResponseStart: (_controller, status, headers) => started(status, headers),
    onResponseData(controller, chunk) {
      try {
        take(chunk, controller);
      } catch (error) {
        // undici would take what a listener throws for a failure of the request, and hide it.
        process.nextTick(() => {
          throw error;
        });
      }
    },
    onResponseEnd: complete,
    onResponseError: (_controller, error) => end("network", error),
  });
  return { compression: gunzip && "gzip", destroy };
}

/** Why an answer is no event stream, or not in the encoding that it should be in. */
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
  if (compresses(options)) return encoding === "gzip" ? undefined : notCompressed();
  return encoding === undefined ? undefined : unwantedEncoding("stream", encoding, options);
}
