import type { Program } from "./program.ts";

/**
 * Not started by itself: it stands in front of nodes or of one server, and who runs those starts it
 * (`servers/cluster/haproxy`, `servers/proxies/haproxy.ts`).
 */
export const haproxy = {
  name: "haproxy",
  role: "load balancer",
  used: true,
  find: ["haproxy"],
  version: ["-v"],
  install: { apt: ["haproxy"], brew: ["haproxy"] },
} satisfies Program;
