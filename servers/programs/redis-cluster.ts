/** A private Redis Cluster, three shards of a master and a replica: redis.io/docs/latest/operate/oss_and_stack/management/scaling. */
import { setTimeout as wait } from "node:timers/promises";
import { converse } from "./conversation.ts";
import { type EnsemblePlan, portOf, startEnsemble } from "./ensemble.ts";
import { freePorts } from "./free-ports.ts";
import type { ProgramRecipe } from "./private-program.ts";
import type { Program } from "./program.ts";
import { redis, redisSettings } from "./redis.ts";
import { hasReplica, redisWithFile } from "./redis-server.ts";

/** Fewer have no majority that could agree on a death. */
const shards = 3;
const slots = 16_384;
const askAgainMs = 50;

/** What the clocks of a failover follow from, in milliseconds. The default is 15 s. */
export const redisClusterTimeouts = { "cluster-node-timeout": 2000 } as const;

const recipeFor = (name: string, busPort: number): ProgramRecipe =>
  redisWithFile(name, ({ port, folder }) =>
    Object.entries({
      port,
      dir: folder,
      ...redisSettings("never"),
      "cluster-enabled": "yes",
      "cluster-port": busPort,
      "cluster-config-file": "nodes.conf",
      ...redisClusterTimeouts,
      "repl-diskless-sync-delay": 0,
    }),
  );

/** An answer is complete when the one to the question after it is there. */
const ask = (port: number, command: string, signal: AbortSignal): Promise<string> =>
  converse({ port, signal }, `${command}\r\nECHO asked\r\n`, [/\$5\r\nasked\r\n$/]);

async function order(port: number, command: string, signal: AbortSignal): Promise<void> {
  const answer = await ask(port, command, signal);
  if (!answer.startsWith("+OK\r\n")) throw new Error(`${command}: ${answer}`);
}

/** A node it has not heard of yet cannot be its master. */
async function orderUntilDone(port: number, command: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await order(port, command, signal);
      return;
    } catch (error) {
      if (signal.aborted) throw error;
      await wait(askAgainMs);
    }
  }
}

async function idOf(port: number, signal: AbortSignal): Promise<string> {
  const answer = await ask(port, "CLUSTER MYID", signal);
  return /^\$40\r\n(\w{40})\r\n/.exec(answer)![1]!;
}

/** Port of the master that has the slot of a topic, by the word of a member. */
async function masterOf(topic: string, port: number, signal: AbortSignal): Promise<number | undefined> {
  const slot = Number(/^:(\d+)/.exec(await ask(port, `CLUSTER KEYSLOT ${topic}`, signal))![1]);
  // ID IP:PORT@BUS[,HOST] FLAGS MASTER PING PONG EPOCH LINK SLOTS...
  for (const line of (await ask(port, "CLUSTER NODES", signal)).split("\n")) {
    const [, address, flags, , , , , , ...ranges] = line.trim().split(" ");
    const has = ranges.some((range) => {
      const [first, last = first] = range.split("-").map(Number);
      return first! <= slot && slot <= last!;
    });
    if (has && flags!.split(",").includes("master")) return Number(/:(\d+)@/.exec(address!)![1]);
  }
  return undefined;
}

/** Shards have slots of the same number each; the first half of the ports are masters, in order, the others replicas. */
async function unite(ports: readonly number[], busPorts: readonly number[], signal: AbortSignal): Promise<void> {
  const masters = ports.slice(0, shards);
  for (const [index, port] of ports.entries()) {
    await order(port, `CLUSTER SET-CONFIG-EPOCH ${index + 1}`, signal);
    if (index > 0) await order(port, `CLUSTER MEET 127.0.0.1 ${ports[0]} ${busPorts[0]}`, signal);
  }
  for (const [index, port] of masters.entries()) {
    const range = [Math.floor((slots * index) / shards), Math.floor((slots * (index + 1)) / shards) - 1];
    await order(port, `CLUSTER ADDSLOTSRANGE ${range.join(" ")}`, signal);
  }
  await Promise.all(
    masters.map(async (port, index) =>
      orderUntilDone(ports[shards + index]!, `CLUSTER REPLICATE ${await idOf(port, signal)}`, signal),
    ),
  );
}

async function planFor(executable: string): Promise<EnsemblePlan> {
  const free = await freePorts(4 * shards);
  const [ports, busPorts] = [free.slice(0, 2 * shards), free.slice(2 * shards)];
  return {
    name: `redis cluster, ${shards} shards`,
    url: `redis-cluster://${ports.map((port) => `127.0.0.1:${port}`).join(",")}`,
    members: ports.map((port, index) => ({
      role: `shard ${(index % shards) + 1}`,
      executable,
      port,
      recipe: recipeFor(`redis-server ${index + 1}`, busPorts[index]!),
    })),
    join: (signal) => unite(ports, busPorts, signal),
    asked: () => true,
    settled: (signal) =>
      Promise.all(
        ports.map(async (port) => {
          const answer = await ask(port, "CLUSTER INFO", signal);
          const well = ["cluster_state:ok", `cluster_slots_ok:${slots}`, `cluster_known_nodes:${2 * shards}`];
          if (!well.every((line) => answer.includes(`${line}\r\n`))) throw new Error("not all of it is there");
          const role = await ask(port, "INFO replication", signal);
          if (!/^(master_link_status:up|slave0:.*state=online)/m.test(role)) throw new Error("a shard is not whole");
        }),
      ),
    leader: (topic, asked, signal) => masterOf(topic, portOf(asked), signal),
    async whole(topic, asked, signal) {
      const master = await masterOf(topic, portOf(asked), signal);
      if (master === undefined) throw new Error("nobody has the slot");
      await hasReplica({ port: master, signal });
    },
    settleMsMax: 120_000,
  };
}

/** For sharded Pub/Sub: a message goes through the shard of its channel alone, and nobody keeps it. */
export const redisCluster = {
  name: "redis-cluster",
  role: "broker",
  used: true,
  find: redis.find,
  version: redis.version,
  install: redis.install,
  start: (executable, options) => startEnsemble(() => planFor(executable), options),
} satisfies Program;
