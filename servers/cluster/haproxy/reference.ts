/**
 * A set-up of HAProxy as tutorials give it, line by line, so that what is said of it can be put to the test: nothing of
 * what wirebench's own configuration adds (passing on each piece at once, trying another node, time-outs for streams).
 */

import { partsOf } from "../../../protocol/policies.ts";
import type { ProxySetup } from "../balancer/balancer.ts";
import { backendName, proxyFiles, serverAddress } from "./configuration.ts";

/** The whole file. Only whether it is sticky follows the policy; a balance it does not know is left at HAProxy's default. */
export function renderReference({ nodes, policy }: ProxySetup, { port }: { readonly port: number }): string {
  const { balance, persistence } = partsOf(policy);
  const sticky = persistence === "cookie";
  const servers = nodes.map((node) => {
    const words = [
      serverAddress(node),
      ...(sticky ? [`cookie ${node.name}`] : []),
      ...(node.spare ? ["disabled"] : []),
    ];
    return `  ${words.join(" ")}`;
  });
  return `# The reference set-up: written by wirebench.
# These two lines are wirebench's, to ask and to reload it.
global
  stats socket unix@${proxyFiles.runtimeSocket} mode 600 level admin expose-fd listeners

defaults
  mode http
  option http-server-close
  option forwardfor
  timeout connect 5s
  timeout client 30s
  timeout client-fin 30s
  timeout server 30s
  timeout tunnel 1h
  default-server inter 1s rise 2 fall 1 on-marked-down shutdown-sessions

frontend users
  bind 127.0.0.1:${port}
  default_backend ${backendName}

backend ${backendName}
  option httpchk GET /ready
${balance === "leastconn" ? "  balance leastconn\n" : ""}${sticky ? "  cookie serverid insert\n" : ""}${servers.join("\n")}
`;
}
