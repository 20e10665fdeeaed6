/** One cell: Socket.IO nodes on Redis, users who talk all the time, and something that breaks meanwhile. */
import { setTimeout as elapsed } from "node:timers/promises";
import type { AdapterName } from "../../servers/cluster/socketio/node.ts";
import { startProgram } from "../../servers/programs/program.ts";
import { redis } from "../../servers/programs/redis.ts";
import type { RunningProgram } from "../../servers/programs/running-program.ts";
import { Relay } from "../relay/relay.ts";
import { through, wayTo } from "../relay/way.ts";
import { Front } from "./front.ts";
import { NodeHandle } from "./node-handle.ts";
import { type Outcome, Users } from "./users.ts";

export const faults = ["none", "redis-killed", "node-cut", "node-killed"] as const;
export type Fault = (typeof faults)[number];

export interface Cell {
  readonly adapter: AdapterName;
  readonly fault: Fault;
  readonly nodes: number;
  readonly users: number;
  readonly ratePerSecond: number;
  readonly payloadBytes: number;
  readonly durationMs: number;
}

export interface Measured extends Outcome {
  /** Of all nodes; undefined where one ended. */
  readonly nodeCpuPerDeliveryUs: number | undefined;
  /** What nodes said that ended by themselves. */
  readonly diedOf: readonly string[];
}

/** From the beginning of the traffic, as a share of it. */
const faultAt = 0.3;
/** How long Redis is away, or the way to it is cut. */
const outageMs = 1000;
/** What is missing then will not come: longer than a client's back-off and the adapter's longest wait for a stream. */
const drainMs = 6000;

export async function measure(cell: Cell, topic: string): Promise<Measured> {
  await using opened = new AsyncDisposableStack();
  const server = opened.adopt(await startProgram(redis), (program) => program.stop());
  const { target, port } = wayTo(server, 0);
  const relay = opened.use(await Relay.to(target, port));
  const nodes: NodeHandle[] = [];
  for (let index = 0; index < cell.nodes; index++) {
    nodes.push(
      opened.use(
        await NodeHandle.start({
          adapter: cell.adapter,
          redisUrl: index === 0 ? through(server.url, relay.port) : server.url,
          port: 0,
          topic,
          ...(cell.adapter === "redis-streams" && { recoveryMs: 120_000 }),
        }),
      ),
    );
  }
  const front = opened.use(await Front.of(nodes.map(({ port }) => port)));
  const users = opened.use(new Users(front.url, cell.users));
  await users.untilConnected();
  const before = await Promise.all(nodes.map((node) => node.cpuUs()));
  const breaking = elapsed(cell.durationMs * faultAt).then(() => breakIt(cell.fault, { server, relay, nodes }));
  await talk(users, cell);
  await breaking;
  await users.answered();
  const cpuUs = nodes.every(({ runs }) => runs) ? await Promise.all(nodes.map((node) => node.cpuUs())) : undefined;
  await elapsed(drainMs);
  const outcome = users.outcome();
  const usedUs = cpuUs?.reduce((sum, us, index) => sum + us - before[index]!, 0);
  const diedOf = nodes.flatMap((node) => node.diedOf ?? []);
  return { ...outcome, diedOf, nodeCpuPerDeliveryUs: usedUs === undefined ? undefined : usedUs / outcome.deliveries };
}

async function talk(users: Users, { ratePerSecond, payloadBytes, durationMs }: Cell): Promise<void> {
  const text = "x".repeat(payloadBytes);
  const startMs = performance.now();
  for (let sent = 0; sent < (durationMs / 1000) * ratePerSecond; sent++) {
    const dueMs = startMs + (sent * 1000) / ratePerSecond;
    if (dueMs > performance.now()) await elapsed(dueMs - performance.now());
    users.publish(text);
  }
}

interface Parts {
  readonly server: RunningProgram;
  readonly relay: Relay;
  readonly nodes: readonly NodeHandle[];
}

async function breakIt(fault: Fault, { server, relay, nodes }: Parts): Promise<void> {
  if (fault === "redis-killed") {
    await server.kill();
    await elapsed(outageMs);
    await server.restart();
  } else if (fault === "node-cut") {
    relay.cut();
    await elapsed(outageMs);
    relay.heal();
  } else if (fault === "node-killed") await nodes[0]!.kill();
}
