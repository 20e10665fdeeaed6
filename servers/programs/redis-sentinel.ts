/** A private Redis with a replica, and three Sentinels that watch them: redis.io/docs/latest/operate/oss_and_stack/management/sentinel. */
import type { FsyncPolicy } from "../../protocol/durability.ts";
import { converse } from "./conversation.ts";
import { type EnsemblePlan, portOf, startEnsemble } from "./ensemble.ts";
import { freePorts } from "./free-ports.ts";
import type { ProgramRecipe } from "./private-program.ts";
import type { Program } from "./program.ts";
import { redis, redisSettings } from "./redis.ts";
import { hasReplica, redisWithFile } from "./redis-server.ts";

const servers = 2;
const sentinels = 3;
const masterName = "wirebench";

/** What the clocks of a failover follow from, in milliseconds. */
export const sentinelTimeouts = {
  /** A master that does not answer for so long is down for one Sentinel; two of three must agree. Its default is 30 s. */
  "down-after-milliseconds": 1000,
  "failover-timeout": 5000,
} as const;

const serverRecipe = (number: number, fsync: FsyncPolicy, masterPort: number): ProgramRecipe =>
  redisWithFile(`redis-server ${number}`, ({ port, folder }) => [
    ["port", port],
    ["dir", folder],
    ...Object.entries(redisSettings(fsync)),
    // Of a small data set a full copy takes no time, so it need not wait for a second replica to ask.
    ["repl-diskless-sync-delay", 0],
    ["repl-ping-replica-period", 1],
    ...(number === 1 ? [] : ([["replicaof", `127.0.0.1 ${masterPort}`]] as const)),
  ]);

const sentinelRecipe = (number: number, masterPort: number): ProgramRecipe =>
  redisWithFile(
    `sentinel ${number}`,
    ({ port, folder }) => [
      ["port", port],
      ["bind", "127.0.0.1"],
      ["dir", folder],
      ["loglevel", "warning"],
      ["sentinel monitor", `${masterName} 127.0.0.1 ${masterPort} 2`],
      ...Object.entries(sentinelTimeouts).map(([key, ms]) => [`sentinel ${key}`, `${masterName} ${ms}`] as const),
      ["sentinel parallel-syncs", `${masterName} 1`],
    ],
    "--sentinel",
  );

async function masterPort(port: number, signal: AbortSignal): Promise<number> {
  const address = /\*2\r\n\$\d+\r\n[\d.]+\r\n\$\d+\r\n(\d+)\r\n/;
  const answer = await converse({ port, signal }, `SENTINEL get-master-addr-by-name ${masterName}\r\n`, [address]);
  return Number(address.exec(answer)![1]);
}

/** Rejects unless the master of this Sentinel has its replica, and that has caught up. */
const isWhole = async (port: number, signal: AbortSignal): Promise<void> =>
  hasReplica({ port: await masterPort(port, signal), signal });

async function planFor(executable: string, fsync: FsyncPolicy): Promise<EnsemblePlan> {
  const ports = await freePorts(servers + sentinels);
  const sentinelPorts = ports.slice(servers);
  return {
    name: `redis-server with ${servers - 1} replica and ${sentinels} Sentinels`,
    url: `redis-sentinel://${sentinelPorts.map((port) => `127.0.0.1:${port}`).join(",")}/${masterName}`,
    members: ports.map((port, index) => ({
      role: index < servers ? "server" : "sentinel",
      executable,
      port,
      recipe:
        index < servers ? serverRecipe(index + 1, fsync, ports[0]!) : sentinelRecipe(index + 1 - servers, ports[0]!),
    })),
    asked: ({ role }) => role === "sentinel",
    // Sentinels find each other and the replica through the master, of which they ask every 10 s at first.
    settled: (signal) =>
      Promise.all(
        sentinelPorts.map(async (port) => {
          const field = (name: string, value: string): RegExp => new RegExp(`${name}\\r\\n\\$\\d+\\r\\n${value}\\r\\n`);
          await converse({ port, signal }, `SENTINEL MASTER ${masterName}\r\n`, [
            field("flags", "master"),
            field("num-slaves", String(servers - 1)),
            field("num-other-sentinels", String(sentinels - 1)),
          ]);
          await isWhole(port, signal);
        }),
      ),
    leader: (_, asked, signal) => masterPort(portOf(asked), signal),
    whole: (_, asked, signal) => isWhole(portOf(asked), signal),
    sever: (master, signal) => converse({ port: portOf(master), signal }, "CLIENT KILL TYPE replica\r\n", [/^:[1-9]/]),
    settleMsMax: 120_000,
  };
}

/** Acknowledged is what the master has; the replica hears of it afterwards. */
export const redisSentinel = {
  name: "redis-sentinel",
  role: "broker",
  used: true,
  find: redis.find,
  version: redis.version,
  install: redis.install,
  start: (executable, { fsync = "by the kernel", ...options }) =>
    startEnsemble(() => planFor(executable, fsync), options),
} satisfies Program;
