import { constants } from "node:http2";
import { Response } from "undici";
import { contentEncoding } from "./exchange.ts";
import type { Http2Connection } from "./http2-connection.ts";

/** `GET` as `fetch` does it, on a stream of an HTTP/2 connection: resolves with the head, takes gzip off the body. */
export function fetchOnStream(
  connection: Http2Connection,
  url: URL,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    let body: ReadableStreamDefaultController<Uint8Array> | undefined;
    const stream = connection.request(
      { method: "GET", path: url.pathname + url.search, headers },
      {
        started(status, answered) {
          const bytes = new ReadableStream<Uint8Array>({
            start(controller) {
              body = controller;
            },
            pull: () => void stream?.resume(),
            cancel() {
              body = undefined;
              stream?.close(constants.NGHTTP2_CANCEL);
            },
          });
          const isGzip = contentEncoding(answered["content-encoding"]) === "gzip";
          const fields = Object.entries(answered).flatMap(([name, value]) =>
            name.startsWith(":") ? [] : [value ?? []].flat().map((each): [string, string] => [name, each]),
          );
          try {
            const read = isGzip ? bytes.pipeThrough(new DecompressionStream("gzip") as never) : bytes;
            resolve(new Response(read as never, { status, headers: fields }));
          } catch (error) {
            // A status that has no body, or is none.
            body = undefined;
            stream?.close(constants.NGHTTP2_CANCEL);
            reject(error);
          }
        },
        data(chunk) {
          body?.enqueue(chunk);
          if (body !== undefined && (body.desiredSize ?? 0) <= 0) stream?.pause();
        },
        ended: () => body?.close(),
        failed(cause) {
          body?.error(cause);
          reject(cause);
        },
      },
    );
  });
}
