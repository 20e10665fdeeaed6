import type { RequestListener } from "node:http";
import {
  constants,
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { Limits } from "../../protocol/contract.ts";
import { http2Windows } from "../../protocol/options/h2.ts";
import { limitHandshakes, type ServerTls } from "../connection/tls.ts";
import { refuse } from "./answer.ts";

/** Requests of one connection under way at once: a user needs two; RFC 9113 section 6.5.2 asks for no fewer than 100. */
const streamsMax = 100;

/**
 * An HTTP/2 server (RFC 9113) with the bounds of the project, over TLS or in clear by prior knowledge. Its requests and
 * responses are those of Node's compatibility API, which have all that our handlers use of HTTP/1.1.
 *
 * A connection has `handshakeMs` for its first request, each request as long to be whole (408), and one without requests
 * is closed when a kept-alive one would be. Node bounds headers (`headerBytesMax`), settings, pings and resets.
 */
export function createHttp2Server(
  limits: Limits,
  headerBytesMax: number,
  serve: RequestListener,
  tls?: ServerTls,
): Http2Server | Http2SecureServer {
  const options = {
    noDelay: true,
    settings: {
      enablePush: false,
      initialWindowSize: http2Windows.server.stream,
      maxConcurrentStreams: streamsMax,
      maxHeaderListSize: headerBytesMax,
    },
  };
  const server =
    tls === undefined
      ? createServer(options)
      : createSecureServer({ ...options, cert: tls.cert, key: tls.key, minVersion: tls.minVersion });
  if ("setSecureContext" in server) limitHandshakes(server, limits);
  server.on("session", (session) => boundSession(session, limits));
  server.on("request", (request: Http2ServerRequest, response: Http2ServerResponse) => {
    boundRequest(request, response, limits);
    serve(...([request, response] as unknown as Parameters<RequestListener>));
  });
  return server;
}

function boundSession(session: ServerHttp2Session, { handshakeMs, idleMs }: Limits): void {
  // Which ends the connection; Node has told the peer why.
  session.on("error", () => {});
  if (session.destroyed) return;
  session.setLocalWindowSize(http2Windows.server.connection);
  const silent = setTimeout(() => cut(session), handshakeMs);
  session.once("stream", () => clearTimeout(silent)).once("close", () => clearTimeout(silent));
  let open = 0;
  session.on("stream", (stream) => {
    open++;
    stream.once("close", () => open--);
  });
  session.setTimeout(idleMs + 60_000, () => {
    if (open === 0) cut(session);
  });
}

/** Says that the connection was not used in time, as far as the peer listens, and drops it. */
function cut(session: ServerHttp2Session): void {
  if (!session.destroyed) session.goaway(constants.NGHTTP2_NO_ERROR);
  session.destroy();
}

/** Each request is whole in time; what comes after the answer is not read (RFC 9113 section 8.1). */
function boundRequest(request: Http2ServerRequest, response: Http2ServerResponse, { handshakeMs }: Limits): void {
  const { stream } = request;
  stream.on("error", () => {});
  if (stream.endAfterHeaders) return;
  const late = setTimeout(() => {
    if (!response.headersSent) refuse(response as never, 408, "the request took too long");
    else stream.close(constants.NGHTTP2_NO_ERROR);
  }, handshakeMs);
  const done = (): void => clearTimeout(late);
  request.once("end", done);
  stream.once("close", done);
  response.once("finish", () => {
    if (!stream.closed && !stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  });
}
