/**
 * HAProxy with the defaults of Debian's haproxy.cfg, and what can be set on top.
 * Reference: docs.haproxy.org/2.6/configuration.html.
 */
import { join } from "node:path";
import { showInfo } from "../cluster/haproxy/runtime.ts";
import { haproxy as program } from "../programs/haproxy.ts";
import { type ProxySetup, type Route, type ShippedProxy, settingsOf } from "./proxy.ts";

const files = { configuration: "haproxy.cfg", runtimeSocket: "runtime.sock" } as const;
const shippedMs = 50_000;

interface Lines {
  readonly why: string;
  /** At the end of the line of the frontend that says where it listens. */
  readonly bind?: string;
  readonly frontend?: string;
  readonly backend?: string;
}

const lines = {
  "mode tcp": {
    why: 'Bytes, whatever they are: "mode http" is shipped, and answers 400 to what is no request.',
    frontend: "mode tcp",
    backend: "mode tcp",
  },
  "timeout tunnel 1h": {
    why: "Silence of both sides, in place of timeout client and timeout server, once upgraded or in mode tcp.",
    backend: "timeout tunnel 1h",
  },
  "timeout client 1h": {
    why: "Silence of the client, while it is expected to send or to read; 50 s is shipped.",
    frontend: "timeout client 1h",
  },
  "timeout server 1h": {
    why: "Silence of the server, in the middle of a response too; 50 s is shipped.",
    backend: "timeout server 1h",
  },
  "option http-no-delay": {
    why: "Pass on each piece of a message at once; by default the kernel waits for more, up to 200 ms.",
    frontend: "option http-no-delay",
    backend: "option http-no-delay",
  },
  "alpn h2,http/1.1": {
    why: "HTTP/2 is what a client asks for in the TLS handshake, and nothing is offered there by default.",
    bind: "alpn h2,http/1.1",
  },
  "gzip of events": {
    why: "For who accepts it.",
    backend: "compression algo gzip\n  compression type text/event-stream",
  },
} as const satisfies Record<string, Lines>;

type Setting = keyof typeof lines;
const bytes: readonly Setting[] = ["mode tcp", "timeout tunnel 1h"];
const upgraded: readonly Setting[] = ["timeout tunnel 1h"];
const longLived: readonly Setting[] = ["timeout client 1h", "timeout server 1h"];
const streamed: readonly Setting[] = [...longLived, "option http-no-delay"];
const overHttp2 = "alpn h2,http/1.1" satisfies Setting;
const unasked = "manual, section 5.1, alpn: HTTP/2 takes ALPN, and without this word none is offered";

function render({ routes, server, timeScale, tls }: ProxySetup): string {
  return `# HAProxy in front of one server: the defaults of Debian's haproxy.cfg. Written by wirebench.
# Left out of the shipped file: logs, ${tls === undefined ? "TLS, " : "TLS 1.2 and before, "}another user, pages for errors.

global
  stats socket unix@${files.runtimeSocket} mode 600 level user
  # Without it two HAProxy processes can share a port by mistake, each getting a part of the connections.
  noreuseport
${tls === undefined ? "" : tlsShipped}
defaults
  mode http
  timeout connect 5000
${timeScale === 1 ? "" : "  # 50000 is shipped for both; so that nobody waits for that, a part of it.\n"}  timeout client ${shippedMs / timeScale}
  timeout server ${shippedMs / timeScale}

${routes.map((route, index) => sectionsOf(route, index + 1, { server, tls })).join("\n")}`;
}

/** Of the shipped file; TLS 1.3 is what our clients ask for. */
const tlsShipped = `  ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256
  ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
`;

function sectionsOf(route: Route, number: number, { server, tls }: Pick<ProxySetup, "server" | "tls">): string {
  const set: readonly Lines[] = settingsOf<Lines>(lines, route);
  const servers = route.servers ?? [server];
  const of = (side: "frontend" | "backend"): string =>
    set.flatMap(({ why, [side]: line }) => (line === undefined ? [] : [`  # ${why}\n  ${line}\n`])).join("");
  const bound = set.filter(({ bind }) => bind !== undefined);
  const listening = [
    `127.0.0.1:${route.port}`,
    ...(tls === undefined ? [] : [`ssl crt ${tls.bothFile}`]),
    ...bound.map(({ bind }) => bind),
  ].join(" ");
  return `frontend way-${number}
${bound.map(({ why }) => `  # ${why}\n`).join("")}  bind ${listening}
${of("frontend")}  default_backend server-${number}

backend server-${number}
${of("backend")}${servers.map((each, place) => `  server server-${place + 1} ${each}\n`).join("")}`;
}

export const haproxyProxy: ShippedProxy = {
  program,
  title: "HAProxy",
  settings: (Object.keys(lines) as Setting[]).map((name) => ({
    name,
    ...(/timeout/.test(name) && { isTimeOut: true }),
    ...(name === "mode tcp" && { isForBytes: true }),
    ...(name === overHttp2 && { isForHttp2: true }),
    ...(name === "gzip of events" && { isCompression: true }),
  })),
  silence: { ms: shippedMs, directive: "timeout client 50s and timeout server 50s", earlyMsMax: 0 },
  documented: {
    upgrade: {
      carries: true,
      atOnce: true,
      because: "manual, section 4.2: mode http passes an upgrade and tunnels it",
      settings: upgraded,
    },
    "event-stream": {
      carries: true,
      atOnce: false,
      because: "manual, option http-no-delay: without it pieces of a response wait for more, which may take 200 ms",
      overTls: {
        atOnce: true,
        because:
          "ssl_sock.c of 2.6, ha_ssl_write: what leaves through TLS is not marked as a piece that waits for more",
      },
      settings: streamed,
    },
    requests: {
      carries: true,
      atOnce: true,
      because: "manual, section 1.2: mode http passes requests and responses",
      settings: [],
    },
    bytes: {
      carries: false,
      because: "manual, mode http: what is no request is answered 400",
      settings: bytes,
    },
  },
  documentedOverHttp2: {
    "event-stream": {
      carries: false,
      because: unasked,
      // Nothing for delay: frames leave at once unless the buffer is full (mux_h2.c, h2_send).
      settings: [overHttp2, ...longLived],
    },
    requests: { carries: false, because: unasked, settings: [overHttp2] },
  },
  http2: {
    setting: overHttp2,
    streamsMax: 100,
    streamsBecause: "manual, tune.h2.max-concurrent-streams",
    offersWebSocket: true,
    offersBecause: "manual, h2-workaround-bogus-websocket-clients: the support is announced unless that is set",
  },
  repeats: { GET: 0, POST: 0, because: "manual, retry-on: by default what could not be connected, and nothing else" },
  render,
  file: files.configuration,
  recipe: {
    arguments: () => ["-f", files.configuration],
    async answers({ folder, pid }) {
      const { pid: answering } = await showInfo(join(folder, files.runtimeSocket));
      if (answering !== pid) throw new Error("the socket of another process");
    },
    portTaken: /Address already in use/,
  },
};
