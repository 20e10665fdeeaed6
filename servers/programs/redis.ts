/** A private Redis: redis.io/docs/latest/operate/oss_and_stack/management/config. */
import { converse } from "./conversation.ts";
import { type ProgramRecipe, startPrivately } from "./private-program.ts";
import type { Program } from "./program.ts";

/**
 * Streams must survive a crash of the process, hence the append-only file. With `no` Redis hands each write to the
 * kernel before it answers and leaves it to the kernel when to sync, so a killed process loses nothing it acknowledged.
 * With `everysec`, the default, it may hold a write back for up to 2 s while a sync is under way on a slow disk, and a
 * kill in that time loses what was acknowledged: too rare to be shown, and too often to be left to chance. What a crash
 * of the machine loses is shown by none. Published messages are never in the file: pub/sub keeps nothing.
 */
const settings = {
  bind: "127.0.0.1",
  daemonize: "no",
  loglevel: "warning",
  save: "",
  appendonly: "yes",
  appendfsync: "no",
  // Full means an error to whoever writes, never the loss of something else.
  maxmemory: "512mb",
  "maxmemory-policy": "noeviction",
};

const recipe: ProgramRecipe = {
  name: "redis-server",
  scheme: "redis",
  arguments: ({ port, folder }) =>
    Object.entries({ port: String(port), dir: folder, ...settings }).flatMap(([key, value]) => [`--${key}`, value]),
  // PING is refused while the append-only file is read, so it is asked again soon; INFO says whose answer it is.
  answers: ({ pid, ...place }) =>
    converse(place, "PING\r\nINFO server\r\n", [/^\+PONG\r\n/, new RegExp(`^process_id:${pid}\\r$`, "m")], /^-LOADING/),
  portTaken: /Address already in use/,
  startMsMax: 20_000,
  stopMsMax: 2000,
};

export const redis = {
  name: "redis",
  role: "broker",
  used: true,
  find: ["redis-server"],
  version: ["--version"],
  install: { apt: ["redis-server"], brew: ["redis"] },
  address: { variable: "REDIS_URL", scheme: recipe.scheme },
  start: (executable, options) => startPrivately(recipe, { ...options, executable }),
} satisfies Program;
