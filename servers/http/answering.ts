import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { ListenOptions, Payload, RunningServer } from "../../protocol/contract.ts";
import { closesConnections } from "../../protocol/options/close.ts";
import { parseNumber, requestsAtOnce } from "../../protocol/wires/numbered-requests.ts";
import { ServerLink } from "../connection/link.ts";
import { closeServer, listenOn, trackSockets } from "../connection/listening.ts";
import { lookRegularly } from "../connection/patience.ts";
import { certificateOf, serverTls } from "../connection/tls.ts";
import { answerDone, answerJson, refuse } from "./answer.ts";
import { AnsweredConnection } from "./answered-connection.ts";
import { type RoutedRequest, serveRoutes } from "./routes.ts";
import { applicationOf, createVersionedServer } from "./server.ts";
import { Turns } from "./turns.ts";
import { readMessages } from "./uplink.ts";

interface Answered {
  readonly wire: AnsweredConnection;
  readonly link: ServerLink;
  readonly turns: Turns;
}

/** How long a user may be silent whose every request has a connection of its own, as sessions of applications usually last. */
const sessionMs = 30 * 60_000;

/**
 * The server of requests whose responses carry the answers. A connection is an id; it ends with `DELETE`, `idleMs` after the
 * last of its transport connections has closed, or when more than `queueBytesMax` waits for its next request. Requests that
 * have a number are handled in that order; others as they come.
 */
export async function listenAnswering({
  host,
  port,
  behaviour,
  limits,
  options,
}: ListenOptions): Promise<RunningServer> {
  const { idleMs } = limits;
  const patienceMs = closesConnections(options) ? Math.max(idleMs, sessionMs) : idleMs;
  const links = new Set<ServerLink>();
  /** Also holds connections that have ended until their peer has heard of it. */
  const connections = new Map<string, Answered>();
  /** Who came by a transport connection, for when that closes. */
  const riders = new WeakMap<object, Map<AnsweredConnection, () => void>>();

  const tls = await serverTls(options, applicationOf(options));
  const server = createVersionedServer(
    options,
    // Kept open from one request to the next, however far apart.
    { ...limits, idleMs: Math.max(idleMs, sessionMs) },
    serveRoutes([
      { path: /^\/connections$/, methods: { POST: open } },
      { path: /^\/connections\/([^/]+)$/, methods: { DELETE: remove } },
      { path: /^\/connections\/([^/]+)\/messages$/, methods: { POST: receive } },
    ]),
    tls,
  );
  const sockets = trackSockets(server);
  const authority = await listenOn(server, host, port);
  const sweep = lookRegularly(Math.max(idleMs / 4, 10), dropIdle);

  function open({ request, response }: RoutedRequest): void {
    if (connections.size >= limits.connectionsMax) {
      refuse(response, 503, "too many connections");
      return;
    }
    const id = randomUUID();
    const wire = new AnsweredConnection(() => drop(id));
    const link = new ServerLink(wire, behaviour, limits, links);
    const turns = new Turns({
      countMax: requestsAtOnce(options),
      bytesMax: limits.queueBytesMax,
      waitMs: limits.handshakeMs,
    });
    connections.set(id, { wire, link, turns });
    carry(wire, request);
    request.resume();
    answerJson(response, 201, JSON.stringify({ id }));
  }

  function receive(routed: RoutedRequest): void {
    const { request, response, id, query } = routed;
    const connection = connections.get(id);
    if (connection === undefined) {
      refuse(response, 404, "no such connection");
      return;
    }
    const number = parseNumber(query);
    if (number === undefined && query !== "") {
      refuse(response, 400, "expected ?number=N, a whole number");
      return;
    }
    const { wire, link, turns } = connection;
    carry(wire, request);
    const take = (payloads: readonly Payload[]): void => {
      // It may have ended while the body came.
      if (connections.get(id) !== connection) {
        refuse(response, 404, "no such connection");
        return;
      }
      wire.touch();
      for (const payload of payloads) link.receive(payload);
      wire.answer(response);
    };
    const inTurn = (payloads: readonly Payload[], bytes: number): void => {
      if (number === undefined) take(payloads);
      else if (!turns.expects(number)) refuse(response, 409, `request ${number} is not due`);
      else {
        const late = (): void => refuse(response, 408, "an earlier request did not come");
        const leave = turns.enter(number, bytes, () => take(payloads), late);
        if (leave === undefined) refuse(response, 503, "too much waits for an earlier request");
        else response.once("close", leave);
      }
    };
    readMessages(routed, limits, { take: inTurn, heard: () => wire.touch() });
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
    connection.turns.clear();
    connection.link.ended();
  }

  function dropIdle(): void {
    const now = performance.now();
    for (const [id, { wire }] of connections) if (wire.idleMs(now) > patienceMs) drop(id);
  }

  /** One listener, however many users share a transport connection. */
  function carry(wire: AnsweredConnection, request: IncomingMessage): void {
    const carrier = carrierOf(request);
    const known = riders.get(carrier) ?? new Map<AnsweredConnection, () => void>();
    if (known.size === 0 && !riders.has(carrier)) {
      riders.set(carrier, known);
      carrier.once("close", () => {
        for (const left of known.values()) left();
      });
    }
    if (known.has(wire)) wire.touch();
    else known.set(wire, wire.carried());
  }

  return {
    url: `${tls ? "https" : "http"}://${authority}/connections`,
    ...certificateOf(tls),
    get connections() {
      return links.size;
    },
    async close() {
      clearInterval(sweep);
      const closed = closeServer(server, sockets);
      for (const id of [...connections.keys()]) drop(id);
      await closed;
    },
  };
}

/** What closes when a peer has gone: over HTTP/2 its session, whose socket Node hides. */
function carrierOf(request: IncomingMessage): NodeJS.EventEmitter {
  const { session } = (request as { stream?: { session?: NodeJS.EventEmitter } }).stream ?? {};
  return session ?? request.socket;
}
