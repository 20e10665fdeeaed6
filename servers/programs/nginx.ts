import type { Program } from "./program.ts";

/** Not started by itself: it stands in front of nodes, and who runs those starts it (`servers/cluster/nginx`). */
export const nginx = {
  name: "nginx",
  role: "load balancer",
  used: true,
  find: ["nginx"],
  version: ["-v"],
  install: { apt: ["nginx"], brew: ["nginx"] },
} satisfies Program;
