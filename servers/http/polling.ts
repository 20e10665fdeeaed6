import { randomUUID } from "node:crypto";
import type { Direction, ListenOptions, PayloadForm, RunningServer } from "../../protocol/contract.ts";
import { heartbeatMs } from "../../protocol/options/heartbeat.ts";
import { batchFraming, postFraming } from "../../protocol/wires/framing-bytes.ts";
import { ServerLink } from "../connection/link.ts";
import { closeServer, listenOn, trackSockets } from "../connection/listening.ts";
import { lookRegularly, patience } from "../connection/patience.ts";
import { certificateOf, serverTls } from "../connection/tls.ts";
import { answerDone, answerJson, refuse } from "./answer.ts";
import { PolledConnection } from "./polled-connection.ts";
import { type RoutedRequest, serveRoutes } from "./routes.ts";
import { applicationOf, createVersionedServer } from "./server.ts";
import { receiveMessages } from "./uplink.ts";

interface Polled {
  readonly wire: PolledConnection;
  readonly link: ServerLink;
}

/** One message in a request, or in the answer to one. */
export const pollingFraming = (form: PayloadForm, bytes: number, direction: Direction): number =>
  direction === "up" ? postFraming(form, bytes) : batchFraming(form, bytes);

/** The routes of both polling protocols, for a server someone else wrote. */
export const pollingContract = (emptyAnswer: string): string =>
  'POST /connections answers 201 {"id"}; POST /connections/ID/messages takes a JSON array of messages ' +
  '(a string, or {"base64"} for binary) and answers 204; GET /connections/ID/messages?after=CURSOR answers 200 ' +
  `{"cursor", "messages"} with the echo of every message after CURSOR (0 at first), and ${emptyAnswer}; ` +
  "DELETE /connections/ID answers 204";

/**
 * The server of short and of long polling, which differ in one number: `longestHoldMs`, how long a request for messages
 * waits for one (0: not at all), or as long as the heartbeat says. A connection is a mailbox with an id; it ends with
 * `DELETE`, after `idleMs` without a request, or when more than `queueBytesMax` is waiting in it.
 */
export async function listenPolling(
  { host, port, behaviour, limits, options }: ListenOptions,
  longestHoldMs: number,
): Promise<RunningServer> {
  const everyMs = heartbeatMs(options);
  const holdMs = longestHoldMs > 0 ? (everyMs ?? longestHoldMs) : 0;
  const { idleMs, sweepMs } = patience(limits.idleMs, everyMs, holdMs);
  const links = new Set<ServerLink>();
  /** Also holds connections that have ended until their peer has heard of it. */
  const connections = new Map<string, Polled>();

  const tls = await serverTls(options, applicationOf(options));
  const server = createVersionedServer(
    options,
    // Kept open from one poll to the next, however far apart.
    { ...limits, idleMs: Math.max(limits.idleMs, idleMs) },
    serveRoutes([
      { path: /^\/connections$/, methods: { POST: open } },
      { path: /^\/connections\/([^/]+)$/, methods: { DELETE: remove } },
      { path: /^\/connections\/([^/]+)\/messages$/, methods: { GET: poll, POST: receive } },
    ]),
    tls,
  );
  const sockets = trackSockets(server);
  const authority = await listenOn(server, host, port);
  const sweep = lookRegularly(sweepMs, dropIdle);

  function open({ response }: RoutedRequest): void {
    if (connections.size >= limits.connectionsMax) {
      refuse(response, 503, "too many connections");
      return;
    }
    const id = randomUUID();
    const wire = new PolledConnection({ holdMs, gone: () => drop(id) });
    const link = new ServerLink(wire, behaviour, limits, links);
    connections.set(id, { wire, link });
    answerJson(response, 201, JSON.stringify({ id }));
  }

  function receive(routed: RoutedRequest): void {
    const touch = (): void => connections.get(routed.id)?.wire.touch();
    touch();
    receiveMessages(routed, limits, () => connections.get(routed.id)?.link, touch);
  }

  function poll({ response, id, query }: RoutedRequest): void {
    const cursor = /^after=(\d{1,15})$/.exec(query)?.[1];
    const connection = connections.get(id);
    if (connection === undefined) refuse(response, 404, "no such connection");
    else if (cursor === undefined) refuse(response, 400, "expected ?after=CURSOR, a whole number");
    else connection.wire.poll(Number(cursor), response);
  }

  function remove({ response, id }: RoutedRequest): void {
    if (connections.has(id)) {
      drop(id);
      answerDone(response);
    } else refuse(response, 404, "no such connection");
  }

  function drop(id: string): void {
    const connection = connections.get(id);
    if (connection === undefined) return;
    connections.delete(id);
    connection.link.ended();
    connection.wire.drop();
  }

  function dropIdle(): void {
    const now = performance.now();
    for (const [id, { wire }] of connections) if (wire.idleMs(now) > idleMs) drop(id);
  }

  return {
    url: `${tls ? "https" : "http"}://${authority}/`,
    ...certificateOf(tls),
    get connections() {
      return links.size;
    },
    async close() {
      clearInterval(sweep);
      // The sockets first: whoever waits for a message learns that the server is gone, not that it said goodbye.
      const closed = closeServer(server, sockets);
      for (const id of [...connections.keys()]) drop(id);
      await closed;
    },
  };
}
