/**
 * nginx as Debian ships it, with a plain `proxy_pass`, and what can be set on top.
 * Reference: nginx.org/en/docs/http/ngx_http_proxy_module.html and nginx.org/en/docs/http/websocket.html.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { childrenOf } from "../programs/children.ts";
import { inPrivateFolder, nginx as program } from "../programs/nginx.ts";
import { type ProxySetup, type Route, type ShippedProxy, settingsOf, type TlsFiles } from "./proxy.ts";

const files = { configuration: "nginx.conf", pid: "nginx.pid" } as const;
const shippedMs = 60_000;

/** Each with the reason: of a location, or at the end of the line that says where it listens. */
const lines = {
  "proxy_http_version 1.1": `      # 1.0 is the default: no upgrade, no chunks.
      proxy_http_version 1.1;`,
  "Upgrade header": `      # A header field of this hop, which does not pass by itself.
      proxy_set_header Upgrade $http_upgrade;`,
  "Connection header": `      # Likewise; "close" is the default.
      proxy_set_header Connection $connection_upgrade;`,
  "proxy_buffering off": `      # On by default: pieces of a response are gathered in buffers of a memory page.
      proxy_buffering off;`,
  "proxy_read_timeout 1h": `      # Silence of the server, in an upgraded connection too; 60 s by default.
      proxy_read_timeout 1h;`,
  "listen http2": { why: "HTTP/2 is a word of this line, and off without it.", listen: "http2" },
  "gzip of events": `      # Beside text/html, for who accepts it.
      gzip_types text/event-stream;`,
} as const satisfies Record<string, string | OfListen>;

interface OfListen {
  readonly why: string;
  readonly listen: string;
}

type Setting = keyof typeof lines;
const upgraded: readonly Setting[] = [
  "proxy_http_version 1.1",
  "Upgrade header",
  "Connection header",
  "proxy_read_timeout 1h",
];
const streamed: readonly Setting[] = ["proxy_buffering off", "proxy_read_timeout 1h"];
const overHttp2 = "listen http2" satisfies Setting;
const unasked = "ngx_http_v2_module: the http2 parameter of listen enables it";

function render({ routes, server, timeScale, tls, isRoot = false }: ProxySetup): string {
  const places = routes.map((route) => serverOf(route, { server, tls })).join("\n");
  return `# nginx in front of one server: what Debian's nginx.conf has, and a plain proxy_pass. Written by wirebench.
# Left out of the shipped file: ${tls === undefined ? "TLS, " : ""}types of files, logs.

daemon off;
pid ${files.pid};
error_log stderr crit;
# One is enough for one user at a time; "auto", one for each core, is shipped.
worker_processes 1;
${isRoot ? "# Started by root: the workers keep that, since the folder is private.\nuser root;\n" : ""}
events {
  worker_connections 768;
}

http {
${inPrivateFolder}

  sendfile on;
  tcp_nopush on;
  # Of text/html only, which is nginx's default.
  gzip on;
${tls === undefined ? "" : tlsShipped(tls)}${timeScale === 1 ? "" : timeOuts(timeScale)}
  # Not shipped, and without effect where it is not used: "upgrade" for who asks for it.
  map $http_upgrade $connection_upgrade {
    default upgrade;
    ""      close;
  }

${places}
}
`;
}

/** Its own, and what everybody adds to it. */
const tlsShipped = ({ certFile, keyFile }: TlsFiles): string => `
  ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
  ssl_prefer_server_ciphers on;
  ssl_certificate ${certFile};
  ssl_certificate_key ${keyFile};
`;

const timeOuts = (timeScale: number): string => `
  # nginx has 60 s for both; so that nobody waits for that, a part of it.
  proxy_read_timeout ${shippedMs / timeScale}ms;
  proxy_send_timeout ${shippedMs / timeScale}ms;
`;

function serverOf(route: Route, { server, tls }: Pick<ProxySetup, "server" | "tls">): string {
  const set: readonly (string | OfListen)[] = settingsOf<string | OfListen>(lines, route);
  const ofListen = set.filter((each) => typeof each !== "string");
  const listening = [
    `127.0.0.1:${route.port}`,
    ...(tls === undefined ? [] : ["ssl"]),
    ...ofListen.map(({ listen }) => listen),
  ].join(" ");
  return `${upstreamOf(route)}  server {
${ofListen.map(({ why }) => `    # ${why}\n`).join("")}    listen ${listening};
    location / {
      proxy_pass http://${route.servers === undefined ? server : nameOf(route)};
${set.map((each) => (typeof each === "string" ? `${each}\n` : "")).join("")}    }
  }`;
}

const nameOf = ({ port }: Route): string => `servers-of-${port}`;

const upstreamOf = (route: Route): string =>
  route.servers === undefined
    ? ""
    : `  upstream ${nameOf(route)} {
${route.servers.map((each) => `    server ${each};\n`).join("")}  }
`;

export const nginxProxy: ShippedProxy = {
  program,
  title: "nginx",
  settings: (Object.keys(lines) as Setting[]).map((name) => ({
    name,
    ...(/timeout/.test(name) && { isTimeOut: true }),
    ...(name === overHttp2 && { isForHttp2: true }),
    ...(name === "gzip of events" && { isCompression: true }),
  })),
  // A timer that runs is left as it is where it would move by less (NGX_TIMER_LAZY_DELAY, ngx_event_timer.h).
  silence: { ms: shippedMs, directive: "proxy_read_timeout 60s", earlyMsMax: 300 },
  documented: {
    upgrade: {
      carries: false,
      because: "nginx.org, WebSocket proxying: Upgrade and Connection are hop-by-hop and do not reach the server",
      settings: upgraded,
    },
    "event-stream": {
      carries: false,
      because:
        "ngx_http_proxy_module: proxy_buffering is on and the server is spoken to in HTTP/1.0, so a stream without an end is gathered until a buffer of 4 or 8 KiB is full",
      settings: streamed,
    },
    requests: {
      carries: true,
      atOnce: true,
      because: "ngx_http_proxy_module: a response that is complete leaves its buffers",
      settings: [],
    },
    bytes: { carries: false, because: "ngx_http_proxy_module passes requests" },
  },
  documentedOverHttp2: {
    "event-stream": { carries: false, because: unasked, settings: [overHttp2, ...streamed] },
    requests: { carries: false, because: unasked, settings: [overHttp2] },
  },
  http2: {
    setting: overHttp2,
    streamsMax: 128,
    streamsBecause: "ngx_http_v2_module, http2_max_concurrent_streams",
    offersWebSocket: false,
    offersBecause: "ngx_http_v2_module has no word of RFC 8441",
  },
  repeats: {
    GET: 1,
    POST: 0,
    because:
      "ngx_http_proxy_module, proxy_next_upstream error timeout: the next server gets it, but no request that is not idempotent once it was sent",
  },
  render,
  file: files.configuration,
  recipe: {
    arguments: ({ folder }) => ["-p", folder, "-c", files.configuration],
    // Written when it listens; it serves with a child.
    async answers({ folder, pid }) {
      const written = readFileSync(join(folder, files.pid), "utf8").trim();
      if (Number(written) !== pid) throw new Error("the file of another process");
      if (childrenOf(pid).length === 0) throw new Error("nobody serves yet");
    },
    portTaken: /Address already in use/,
  },
};
