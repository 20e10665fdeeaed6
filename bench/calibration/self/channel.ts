/** The users of a cluster against users that only count, each on a node of its own with nothing in between. */
import { nowNs } from "../../../protocol/clock.ts";
import { defaultLimits } from "../../../protocol/contract.ts";
import { freePorts } from "../../../servers/programs/free-ports.ts";
import { RemoteChannelUsers } from "../../rigs/cluster/channel-users.ts";
import { ClusterNode } from "../../rigs/cluster/cluster-node.ts";
import { CpuMeter } from "../../rigs/proc/cpu-meter.ts";
import { ForkedChild } from "../second-opinion/forked-child.ts";
import type { ChannelLoopOrder, ChannelLoopResult, ChannelShape } from "./channel-loop.ts";

const protocol = "websocket";

async function startNode(cleanUp: AsyncDisposableStack): Promise<ClusterNode> {
  const [port, readyPort] = await freePorts(2);
  const node = new ClusterNode({
    node: "node-1",
    software: "wirebench",
    protocol,
    limits: defaultLimits,
    broker: "none",
    topic: "self",
    port: port!,
    readyPort: readyPort!,
  });
  cleanUp.defer(() => node.stop());
  await node.start();
  return node;
}

/** The bare loop in a process of its own. */
export async function channelByHand(shape: ChannelShape): Promise<ChannelLoopResult> {
  await using cleanUp = new AsyncDisposableStack();
  const { url } = await startNode(cleanUp);
  const users = cleanUp.use(new ForkedChild("bare-channel", import.meta.url));
  return await users.ask<ChannelLoopResult>({ ...shape, url } satisfies ChannelLoopOrder);
}

/** The users as an experiment has them, in so many processes. Throws unless everything arrived exactly once. */
export async function channelWithHarness(shape: ChannelShape, processes: number): Promise<ChannelLoopResult> {
  await using cleanUp = new AsyncDisposableStack();
  const { url } = await startNode(cleanUp);
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const users = cleanUp.use(new RemoteChannelUsers("users", { unlessFailed: (work) => work, wait }, processes));
  const { publishers, inFlight, warmupMs, durationMs } = shape;
  await users.connect({
    protocol,
    client: "lean",
    url,
    users: shape.users,
    cookies: "kept",
    resume: false,
    backoff: { kind: "none" },
    seed: 1,
    limits: defaultLimits,
    payloadBytes: shape.payloadBytes,
    options: {},
    concurrent: 32,
  });
  const startNs = nowNs() + 50e6;
  const countedNs = startNs + warmupMs * 1e6;
  const meter = new CpuMeter(users.pids, { startNs: countedNs, endNs: countedNs + durationMs * 1e6 });
  const order = { startNs, durationMs: warmupMs + durationMs, warmUpMs: warmupMs, inFlight, publishers };
  await users.run({ kind: "closed", ...order });
  const { deliveriesPerSecond, deliveries, expectedDeliveries, duplicatedDeliveries } = await users.collect(5000);
  if (deliveries !== expectedDeliveries || duplicatedDeliveries > 0) {
    throw new Error(`${deliveries} of ${expectedDeliveries} arrived, and ${duplicatedDeliveries} twice`);
  }
  await users.close();
  await meter.ended;
  return { deliveriesPerSecond, usersCpuShare: meter.read()!.cpuUs / 1000 / durationMs };
}
