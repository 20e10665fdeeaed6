/**
 * The configuration file of the load balancer, written to be read: every directive says why it is there.
 * Reference: docs.haproxy.org/2.6/configuration.html; the names of the sections below are that manual's.
 */

import { type Balance, type Persistence, partsOf } from "../../../protocol/policies.ts";
import { userParameter } from "../../../protocol/wires/user-parameter.ts";
import { addressOf } from "../balancer/address.ts";
import type { ProxiedNode, ProxySetup } from "../balancer/balancer.ts";

/** Name of the one backend; a node is `nodes/NAME` for the runtime API. */
export const backendName = "nodes";

/** Files in HAProxy's working directory, which is its private folder. */
export const proxyFiles = {
  configuration: "haproxy.cfg",
  runtimeSocket: "runtime.sock",
  masterSocket: "master.sock",
  serverState: "server-state",
} as const;

/** Between two health checks of a node, in milliseconds. */
export const healthIntervalMs = 1000;

/** The whole file. Throws `usage` for a node whose name the file cannot hold. */
export function renderConfiguration(setup: ProxySetup, { port }: { readonly port: number }): string {
  return `# HAProxy in front of ${setup.nodes.length} nodes, policy ${setup.policy}: written by wirebench.
# It runs with this file's folder as working directory:
#   haproxy -W -S unix@${proxyFiles.masterSocket} -f ${proxyFiles.configuration}
# -W: a master process that keeps the sockets, and a worker that does the work. A reload (SIGUSR2 to the master) starts
# a new worker; the old one stops listening and stays until the last of its connections is closed.

global
  # The runtime API: what a person types into it (show stat, set server ...), wirebench asks.
  # admin: may change the state of nodes. expose-fd listeners: a new worker may take over the listening sockets, so that
  # no connection is refused during a reload.
  stats socket unix@${proxyFiles.runtimeSocket} mode 600 level admin expose-fd listeners
  # What the runtime API changed (drain, maint ...) ends with the worker, unless it is saved here before a reload.
  server-state-file ${proxyFiles.serverState}
  # Without it two HAProxy processes can share a port by mistake, each getting a part of the connections.
  noreuseport
  # Each WebSocket takes two file descriptors, one to the user and one to the node. maxconn is left out on purpose:
  # HAProxy then derives it from this number or from "ulimit -n", whichever is lower.
  fd-hard-limit 100000
  # The first health checks are spread over so long, instead of over a whole interval: so few nodes need no sparing.
  max-spread-checks 50ms

defaults
  # Understand HTTP: needed for cookies, for header rules, and to see the 101 that turns a connection into a WebSocket.
  mode http
  # Close the connection to the node after each response, but keep the user's open: every request is balanced anew.
  # An upgraded connection (101) is no longer HTTP and stays.
  option http-server-close
  # Pass on each piece of a response at once. Without it HAProxy lets the kernel wait for more, up to 200 ms, to fill
  # packets: good for files, and a fifth of a second too late for every event of an event stream (SSE).
  option http-no-delay
  # Nodes see HAProxy's address as their peer; the user's is in X-Forwarded-For.
  option forwardfor
  # A user who leaves while a held request or a silent event stream waits for the node: tell the node, do not wait for
  # its next byte.
  option abortonclose
  # The node a connection was meant for refuses it, e.g. because it was killed within the last second: try again,
  # each time on another node (1 = on every retry), even if a cookie names this one.
  retries 3
  option redispatch 1
  # To open a TCP connection to a node.
  timeout connect 5s
  # Silence of a user who should send or acknowledge something, e.g. the rest of a request.
  timeout client 30s
  # A user who has closed one direction only, or has vanished behind it: common with WebSocket.
  timeout client-fin 30s
  # Silence of a node that owes an answer. 30s is usual for requests, and would cut every event stream (SSE) that has
  # nothing to say for so long and sends no heartbeat, and every request that is held for longer (long polling). A node
  # that hangs is found by its health check instead.
  timeout server 1h
  # Silence in both directions of a tunnel, which a WebSocket is after the 101: replaces client and server timeout.
  # Shorter than the application's ping interval, it cuts healthy users.
  timeout tunnel ${duration(setup.tunnelTimeoutMs)}
  # Apply what was saved in server-state-file.
  load-server-state-from-file global

frontend users
  # Loopback only: users and nodes are on this host.
  bind 127.0.0.1:${port}
  default_backend ${backendName}

backend ${backendName}
${policy(setup)}
  # A node is asked whether it wants users. It says 200 when it can serve them, and 503 e.g. while its broker is away,
  # although its port is open. Hence a check of its own instead of a mere TCP connect.
  option httpchk GET /ready
  http-check expect status 200
  # inter: between two checks, and the time one may take. fall 1: one failed check and the node is DOWN: quick, at the
  # risk of taking a slow node for a dead one. rise 2: two good ones in a row and it is UP again.
${defaultServer(setup)}
  # check port: the health check has a port of its own. A node counts as UP from the start until its first check fails.
${setup.nodes.some(({ spare }) => spare) ? "  # disabled: in maintenance, gets nothing until the runtime API sets it to ready.\n" : ""}${setup.nodes.map((node) => server(node, setup)).join("\n")}
`;
}

/** What `balance` says of each. A key is hashed so that a node that comes or goes moves no more users than it must. */
const balanceLines: Record<Balance, string> = {
  "round-robin": `  # The default: each request or new WebSocket goes to the next node in turn, whoever asks, however long it will stay.
  balance roundrobin`,
  leastconn: `  # A user nobody knows goes to the node with the fewest connections: the right measure when they stay for long.
  balance leastconn`,
  source: `  # By the address a connection comes from: everybody behind one NAT or one proxy shares a node.
  balance source
${consistentLine()}`,
  "consistent-hash": `  # By what users say of themselves in the URL (?${userParameter}=...). Who does not is balanced round-robin.
  balance url_param ${userParameter}
${consistentLine()}`,
};

function consistentLine(): string {
  return `  # When a node comes or goes only its share of the users moves; by default nearly all of them would.
  hash-type consistent`;
}

const persistenceLines: Record<Persistence, string> = {
  cookie: `  # A user with a cookie goes where it says, so comes back to the node that holds its state, as long as that is up.
  # insert: HAProxy sets it, also on the 101 of a WebSocket. indirect: the node never sees it, and a user who has it is
  # not given it again. nocache: a shared cache must not hand one user's cookie to others.
  cookie serverid insert indirect nocache`,
  "stick-table": `  # Which node a user got is remembered here, for clients that keep no cookies. Memory of one process: two load balancers
  # do not share it, and a reload forgets it, unless both are told to in a section "peers".
  stick-table type string len 64 size 100k expire 1h
  stick on url_param(${userParameter})`,
};

function policy({ policy }: ProxySetup): string {
  const { balance, persistence } = partsOf(policy);
  return [balanceLines[balance], ...(persistence === undefined ? [] : [persistenceLines[persistence]])].join("\n");
}

function defaultServer({ shutdownSessions, slowStartMs }: ProxySetup): string {
  const lines = [
    shutdownSessions
      ? `  # on-marked-down shutdown-sessions: cut the connections of a node that is DOWN (or put into maintenance), so that
  # its users come back elsewhere. Without it a node that hangs keeps them, and they wait in silence.`
      : "  # No on-marked-down shutdown-sessions: a node that is DOWN gets no new connections, but those it has stay.",
    ...(slowStartMs > 0
      ? [
          `  # slowstart: the weight of a node that comes up grows from nothing to its full value over so long, so that leastconn
  # does not send it everybody at once.`,
        ]
      : []),
    [
      `  default-server inter ${duration(healthIntervalMs)} rise 2 fall 1`,
      ...(slowStartMs > 0 ? [`slowstart ${duration(slowStartMs)}`] : []),
      ...(shutdownSessions ? ["on-marked-down shutdown-sessions"] : []),
    ].join(" "),
  ];
  return lines.join("\n");
}

function server(node: ProxiedNode, { policy }: ProxySetup): string {
  const words = [serverAddress(node)];
  if (partsOf(policy).persistence === "cookie") words.push(`cookie ${node.name}`);
  if (node.spare) words.push("disabled");
  return `  ${words.join(" ")}`;
}

/** Throws `usage` for a name the file cannot hold. */
export const serverAddress = (node: ProxiedNode): string =>
  `server ${node.name} ${addressOf(node)} check port ${node.readyPort}`;

/** In the largest unit that fits, as a human would write it. */
export function duration(ms: number): string {
  for (const [unit, size] of [
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1000],
  ] as const) {
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}
