import type { Program } from "./program.ts";

/** Not started by itself: it stands in front of nodes, and who runs those starts it (`servers/cluster/haproxy`). */
export const haproxy = {
  name: "haproxy",
  role: "load balancer",
  used: true,
  find: ["haproxy"],
  version: ["-v"],
  install: { apt: ["haproxy"], brew: ["haproxy"] },
} satisfies Program;
