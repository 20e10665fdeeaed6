import type { Program } from "./program.ts";
import { redis, startRedisAs } from "./redis.ts";

/** Not brought by the setup: Debian has it from release 13 on. */
export const valkey = {
  ...redis,
  name: "valkey",
  used: false,
  // As Redis does: valkey.io/topics/latency/
  coresMax: 1,
  find: ["valkey-server"],
  install: {
    apt: ["valkey-server"],
    brew: ["valkey"],
    how: "apt-get install valkey-server on Debian 13; on Debian 12 with -t bookworm-backports, once that is among its sources",
  },
  address: { variable: "VALKEY_URL", scheme: "redis" },
  start: startRedisAs("valkey-server"),
} satisfies Program;
