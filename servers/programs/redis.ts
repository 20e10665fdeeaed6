/** A private Redis: redis.io/docs/latest/operate/oss_and_stack/management/config. */
import type { FsyncPolicy } from "../../protocol/durability.ts";
import { fsyncSetting } from "./fsync.ts";
import { type ProgramRecipe, startPrivately } from "./private-program.ts";
import type { Program } from "./program.ts";
import { redisProcess, redisScheme } from "./redis-server.ts";
import type { RunningProgram, StartOptions } from "./running-program.ts";

/**
 * Its append-only file. With `no` Redis hands each write to the kernel before it answers and leaves it to the kernel
 * when to sync, so a killed process loses nothing it acknowledged. With `everysec`, the default, it may hold a write
 * back for up to 2 s while a sync is under way on a slow disk, and a kill in that time loses what was acknowledged.
 * Published messages are never in the file: pub/sub keeps nothing.
 */
const fsyncs = {
  never: { appendonly: "no", appendfsync: "no" },
  "by the kernel": { appendonly: "yes", appendfsync: "no" },
  "every second": { appendonly: "yes", appendfsync: "everysec" },
  "before acknowledging": { appendonly: "yes", appendfsync: "always" },
};

const settings = {
  bind: "127.0.0.1",
  daemonize: "no",
  loglevel: "warning",
  save: "",
  // Full means an error to whoever writes, never the loss of something else.
  maxmemory: "512mb",
  "maxmemory-policy": "noeviction",
};

/** What is the same for every server of ours, whatever it is to others. */
export const redisSettings = (fsync: FsyncPolicy): Readonly<Record<string, string>> => ({
  ...settings,
  ...fsyncSetting("redis", fsyncs, fsync),
});

const recipeFor = (name: string, fsync: FsyncPolicy): ProgramRecipe => ({
  ...redisProcess(name),
  arguments: ({ port, folder }) =>
    Object.entries({
      port: String(port),
      dir: folder,
      ...redisSettings(fsync),
    }).flatMap(([key, value]) => [`--${key}`, value]),
});

/** Of this server, or of one that is told the same and answers the same. */
export const startRedisAs =
  (name: string) =>
  async (executable: string, { fsync = "by the kernel", ...options }: StartOptions): Promise<RunningProgram> =>
    startPrivately(recipeFor(name, fsync), { ...options, executable });

export const redis = {
  name: "redis",
  role: "broker",
  // client-output-buffer-limit pubsub 32mb 8mb 60: redis.io/docs/latest/develop/reference/clients/#output-buffer-limits
  slowSubscriber: { queuedBytesMax: 32 * 1024 * 1024, says: /output buffer limits/g },
  // It runs commands one after the other on one thread: redis.io/docs/latest/operate/oss_and_stack/management/optimization/latency/
  coresMax: 1,
  used: true,
  find: ["redis-server"],
  version: ["--version"],
  install: { apt: ["redis-server"], brew: ["redis"] },
  address: { variable: "REDIS_URL", scheme: redisScheme },
  start: startRedisAs("redis-server"),
} satisfies Program;
