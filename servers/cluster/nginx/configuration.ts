/**
 * The configuration file of nginx as a load balancer, written to be read: every directive says why it is there.
 * Reference: nginx.org/en/docs/http/ngx_http_upstream_module.html, ngx_http_proxy_module.html and websocket.html.
 */
import { WirebenchError } from "../../../protocol/errors.ts";
import { type Balance, type Policy, partsOf, policies } from "../../../protocol/policies.ts";
import { userParameter } from "../../../protocol/wires/user-parameter.ts";
import { inPrivateFolder } from "../../programs/nginx.ts";
import { addressOf } from "../balancer/address.ts";
import type { ProxiedNode, ProxySetup } from "../balancer/balancer.ts";

/** All but a stick table, which nginx has not; a cookie of its own it sells, but one can be built from `map`s. */
export const nginxPolicies: readonly Policy[] = policies.filter(
  (policy) => partsOf(policy).persistence !== "stick-table",
);

/** Files in nginx's private folder. */
export const nginxFiles = { configuration: "nginx.conf", statusSocket: "status.sock", pid: "nginx.pid" } as const;

interface Place {
  readonly port: number;
  /** nginx drops root for another user, who could not read a private folder. */
  readonly isRoot: boolean;
  /** Nodes that get no new users. */
  readonly down: ReadonlySet<string>;
}

/** The whole file. Throws `usage` for a policy it has not or a node whose name the file cannot hold. */
export function renderNginx(setup: ProxySetup, { port, isRoot, down }: Place): string {
  const { balance, persistence } = partsOf(setup.policy);
  if (!nginxPolicies.includes(setup.policy)) {
    throw new WirebenchError(
      "usage",
      `nginx has no policy ${setup.policy}: expected one of ${nginxPolicies.join(", ")}`,
    );
  }
  const sticky = persistence === "cookie";
  const line = (node: ProxiedNode, ...words: string[]): string =>
    `    server ${addressOf(node)}${[" max_fails=1 fail_timeout=1s", ...words, ...(down.has(node.name) ? [" down"] : [])].join("")};`;
  return `# nginx in front of ${setup.nodes.length} nodes, policy ${setup.policy}: written by wirebench.
# It runs with this file's folder as prefix: nginx -p . -c ${nginxFiles.configuration}

# In the foreground, so that whoever started it knows when it ends.
daemon off;
pid ${nginxFiles.pid};
error_log stderr warn;
# One worker: several would each count the connections of a node for themselves (unless a "zone" shares them).
worker_processes 1;
${isRoot ? "# Started by root: the workers keep that, since the folder is private.\nuser root;\n" : ""}
events {
  # Each WebSocket takes two, one to the user and one to the node.
  worker_connections 20000;
}

http {
${inPrivateFolder}

  # "Connection: upgrade" for who asks for an upgrade, else nothing is kept: hop-by-hop headers do not pass by themselves.
  map $http_upgrade $connection_upgrade {
    default upgrade;
    ""      close;
  }
${sticky ? `\n${cookieMaps(setup.nodes)}\n` : ""}
  upstream nodes {
${balanceLines[balance]}
    # max_fails and fail_timeout: a node that refuses a connection is left out for a second. nginx checks no health by
    # itself: a node that is up but not ready goes on getting users.
${setup.nodes.map((node) => line(node)).join("\n")}
  }
${
  sticky
    ? setup.nodes
        .map(
          (own) => `
  # For who comes back with its cookie: this node, and another only when it cannot be reached.
  upstream ${own.name} {
${line(own)}
${setup.nodes
  .filter((other) => other !== own)
  .map((other) => line(other, " backup"))
  .join("\n")}
  }
`,
        )
        .join("")
    : ""
}
  server {
    # Loopback only: users and nodes are on this host.
    listen 127.0.0.1:${port};

    location / {
      proxy_pass http://${sticky ? "$pool" : "nodes"};
      # 1.0 is the default, and knows no upgrade.
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      # Pass on each piece of a response at once: by default nginx gathers an event stream (SSE) in its buffers.
      proxy_buffering off;
      # Silence of a node, also in an upgraded connection: by default 60 s, which cuts every WebSocket that says nothing.
      proxy_read_timeout ${seconds(setup.tunnelTimeoutMs)}s;
      proxy_send_timeout ${seconds(setup.tunnelTimeoutMs)}s;
      # A node that refuses: try the next one.
      proxy_next_upstream error timeout;
      proxy_connect_timeout 5s;
${sticky ? `      # Names the node that answered. always: also on the 101 of a WebSocket.\n      add_header Set-Cookie "serverid=$chosen" always;\n` : ""}    }
  }

  # Who asks here asks this very process.
  server {
    listen unix:${nginxFiles.statusSocket};
    location / { stub_status; }
  }
}
`;
}

const balanceLines: Record<Balance, string> = {
  "round-robin": "    # The default: each request or new WebSocket goes to the next node in turn.",
  leastconn: "    # The node with the fewest connections.\n    least_conn;",
  source:
    "    # By the address a connection comes from; of an IPv4 address nginx takes the first three numbers only.\n    ip_hash;",
  "consistent-hash": `    # By what users say of themselves in the URL. consistent: when a node goes, only its users are spread anew.
    hash $arg_${userParameter} consistent;`,
};

/** What nginx sells as "sticky cookie", built from what it gives away. */
const cookieMaps = (
  nodes: readonly ProxiedNode[],
): string => `  # Where a cookie leads; who has none, or one of another, is balanced.
  map $cookie_serverid $pool {
    default nodes;
${nodes.map(({ name }) => `    ${name} ${name};`).join("\n")}
  }
  # The name of the node that took the connection: the last of those that were tried.
  map $upstream_addr $chosen {
${nodes.map((node) => `    "~${addressOf(node).replaceAll(".", "\\.")}$" ${node.name};`).join("\n")}
  }`;

const seconds = (ms: number): number => Math.ceil(ms / 1000);
