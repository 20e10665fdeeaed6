import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ListenOptions, Payload, ProtocolServer, RunningServer } from "../protocol/contract.ts";
import { browserHeaders } from "../protocol/options/browser-headers.ts";
import { close } from "../protocol/options/close.ts";
import { compresses, gzip } from "../protocol/options/deflate.ts";
import { h2 } from "../protocol/options/h2.ts";
import { heartbeat, heartbeatMs } from "../protocol/options/heartbeat.ts";
import { retry, retryMs } from "../protocol/options/retry.ts";
import { tls as tlsOption } from "../protocol/options/tls.ts";
import { chunkFraming, eventFraming, postFraming } from "../protocol/wires/framing-bytes.ts";
import { encodeBase64, encodeMessage } from "../protocol/wires/json-message.ts";
import { ServerLink } from "./connection/link.ts";
import { closeServer, destroyAfter, listenOn, trackSockets } from "./connection/listening.ts";
import { certificateOf, serverTls } from "./connection/tls.ts";
import { refuse } from "./http/answer.ts";
import { compressedBody, type EndlessBody, plainBody, takesGzip } from "./http/compressed-response.ts";
import { type RoutedRequest, serveRoutes } from "./http/routes.ts";
import { applicationOf, createVersionedServer } from "./http/server.ts";
import { receiveMessages } from "./http/uplink.ts";

/** WHATWG HTML section 9.2.7: a line that nobody reads, so that no proxy takes the silence for the end. */
const comment = ":\n\n";

/** Server-Sent Events (WHATWG HTML section 9.2) down, HTTP requests up. */
export const sseServer: ProtocolServer = {
  traits: {
    name: "sse",
    aliases: ["eventsource", "server-sent-events"],
    title: "SSE",
    summary: "WHATWG HTML 9.2: one response that never ends carries events down, HTTP requests carry messages up",
    uplink: "request",
    downlink: "stream",
    framing: "text",
    schemes: ["http:", "https:"],
    foreignContract:
      'GET /events answers an event stream whose first event is "connection" with data {"uplink": PATH}; POST PATH ' +
      'takes a JSON array of messages (a string, or {"base64"} for binary) and answers 204; the echo is an event with ' +
      'the JSON string as data, or an event "binary" with base64 as data',
    specification: "WHATWG HTML 9.2",
    provides: ["acknowledgement", "resume"],
    resumesBy: "position",
    options: [
      close,
      browserHeaders,
      gzip,
      h2,
      heartbeat({ usual: "15s", does: "the server sends a comment at this interval, e.g. 15s (WHATWG HTML 9.2.7)" }),
      retry,
      tlsOption,
    ],
    heartbeat: {
      // Nobody answers a comment.
      noticedBy: ["client"],
      bytes: comment.length + chunkFraming(comment.length),
      practice: "WHATWG HTML section 9.2.7 advises a comment every 15 seconds or so",
    },
    framingBytes: (form, bytes, direction) =>
      direction === "up" ? postFraming(form, bytes) : eventFraming(form, bytes),
    // `http` corks a response that has no length until the turn is over.
    leavesAfterTurn: () => true,
    libraries: { server: [], client: ["eventsource", "undici"] },
  },

  async listen({ host, port, behaviour, limits, options }: ListenOptions): Promise<RunningServer> {
    const links = new Set<ServerLink>();
    const connections = new Map<string, ServerLink>();
    const reconnection = retryMs(options);

    const tls = await serverTls(options, applicationOf(options));
    const server = createVersionedServer(
      options,
      limits,
      serveRoutes([
        { path: /^\/events$/, methods: { GET: open } },
        {
          path: /^\/connections\/([^/]+)\/messages$/,
          methods: { POST: (routed) => receiveMessages(routed, limits, () => connections.get(routed.id)) },
        },
      ]),
      tls,
    );
    const sockets = trackSockets(server);
    const authority = await listenOn(server, host, port);

    function open({ request, response }: RoutedRequest): void {
      if (connections.size >= limits.connectionsMax) {
        refuse(response, 503, "too many connections");
        return;
      }
      const id = randomUUID();
      const isCompressed = compresses(options) && takesGzip(request);
      response.writeHead(200, {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        ...(isCompressed && { "content-encoding": "gzip" }),
      });
      const body = isCompressed ? compressedBody(response) : plainBody(response);
      const first = event(JSON.stringify({ uplink: `/connections/${id}/messages` }), "connection");
      body.write(reconnection === undefined ? first : `retry: ${reconnection}\n${first}`);
      response.on("error", () => {});
      const link = new ServerLink(
        {
          transmit: (payload, position) => body.write(messageEvent(payload, position)),
          queuedBytes: () => body.queuedBytes(),
          end: () => end(body, response),
          endSlowConsumer: () => void response.destroy(),
          resumesFrom: lastEventId(request),
        },
        behaviour,
        limits,
        links,
      );
      connections.set(id, link);
      const everyMs = heartbeatMs(options);
      const beat = (): void => {
        // Whoever takes nothing has a word waiting already.
        if (body.queuedBytes() === 0) body.write(comment);
      };
      const beats = everyMs === undefined ? undefined : setInterval(beat, everyMs);
      response.on("close", () => {
        clearInterval(beats);
        connections.delete(id);
        link.ended();
      });
    }

    /** Ends the stream; a peer that does not read up to its end is cut off after the handshake time. */
    function end(body: EndlessBody, response: ServerResponse): void {
      body.end();
      destroyAfter(response, limits.handshakeMs);
    }

    return {
      url: `${tls ? "https" : "http"}://${authority}/`,
      ...certificateOf(tls),
      get connections() {
        return links.size;
      },
      close: () => closeServer(server, sockets),
    };
  },
};

/** WHATWG HTML section 9.2.4: it is UTF-8, of which Node makes a character of each byte. */
const lastEventId = ({ headers }: IncomingMessage): string | undefined =>
  headers["last-event-id"] === undefined
    ? undefined
    : Buffer.from(String(headers["last-event-id"]), "latin1").toString();

/** WHATWG HTML section 9.2.5; the data must be one line, which JSON text and base64 are. */
const event = (data: string, type?: string, id?: string): string =>
  `${type === undefined ? "" : `event: ${type}\n`}${id === undefined ? "" : `id: ${id}\n`}data: ${data}\n\n`;

const messageEvent = (payload: Payload, position?: string): string =>
  typeof payload === "string"
    ? event(encodeMessage(payload), undefined, position)
    : event(encodeBase64(payload), "binary", position);
