import type { Program } from "./program.ts";

/**
 * Not started by itself: it stands in front of nodes or of one server, and who runs those starts it (`servers/cluster/nginx`,
 * `servers/proxies/nginx.ts`).
 */
export const nginx = {
  name: "nginx",
  role: "load balancer",
  used: true,
  find: ["nginx"],
  version: ["-v"],
  install: { apt: ["nginx"], brew: ["nginx"] },
} satisfies Program;

/** Of its `http` block: it leaves nothing outside its private folder. */
export const inPrivateFolder = `  access_log off;
  # Files in this folder instead of the system's.
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;`;
