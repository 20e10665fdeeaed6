/** What the tests of a cluster share. */
import type { Setup } from "./cluster-setup.ts";

/** Two nodes and four users, on a broker that needs no program. */
export const smallSetup: Setup = {
  protocol: "websocket",
  nodes: 2,
  spareNodes: 0,
  broker: "memory",
  sharedConsumerGroup: false,
  balancer: "haproxy",
  slowStartMs: 0,
  policy: "leastconn+cookie",
  shutdownSessions: true,
  state: "node",
  users: 4,
  cookies: "kept",
  resume: false,
  backoff: { kind: "fixed", delayMs: 20 },
  payloadBytes: 200,
  queueBytesMax: 1e6,
  mayStayOut: false,
  connectConcurrent: 4,
};
