/** The servers of one cluster, started from the back to the front: broker, nodes, load balancer. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultLimits, type Limits } from "../../../protocol/contract.ts";
import type { RunningProxy } from "../../../servers/cluster/balancer/balancer.ts";
import { balancerNamed } from "../../../servers/cluster/balancers/balancers.ts";
import { socketIoLibraries } from "../../../servers/cluster/socketio/adapters.ts";
import { freePorts } from "../../../servers/programs/free-ports.ts";
import { requireProgram } from "../../../servers/programs/program.ts";
import { programNamed } from "../../../servers/programs/programs.ts";
import type { RunningProgram } from "../../../servers/programs/running-program.ts";
import { requireLibraries } from "../../environment/environment.ts";
import type { NodeOrder } from "../processes/node-api.ts";
import type { ProgramPool } from "../program-pool.ts";
import { ClusterNode } from "./cluster-node.ts";
import type { Setup } from "./cluster-setup.ts";
import { whyGone } from "./foreign-watch.ts";
import { leaveAsFound } from "./left-as-found.ts";
import { Relays } from "./relays.ts";

export interface ServersOptions {
  readonly setup: Setup;
  readonly programs: ProgramPool;
  /** Of this cluster alone: see `topicOfCluster`. */
  readonly topic: string;
  /** Hears of a node that ends by itself, where that is no end of everything. */
  readonly nodeDied?: (name: string, sentence: string) => void;
}

export interface Servers {
  readonly nodes: readonly ClusterNode[];
  /** At least one. */
  readonly proxies: readonly RunningProxy[];
  /** Private folder of the first load balancer. */
  readonly proxyFolder: string;
  /** Undefined for broker `none`. */
  readonly broker: RunningProgram | undefined;
  /** Undefined where no node has one. */
  readonly relays: Relays | undefined;
  /** What users connect to, one for each load balancer. */
  readonly urls: readonly string[];
}

/** Time without data after which the load balancer cuts an upgraded connection. */
const tunnelTimeoutMs = 3_600_000;

/**
 * Resolves when all of it works. What was started is ended by `cleanUp`, whether this resolves or not; the brokers
 * belong to the pool. `died` hears of a process that ends unasked.
 */
export async function openServers(
  { setup, programs, topic, nodeDied }: ServersOptions,
  cleanUp: AsyncDisposableStack,
  died: (sentence: string) => void,
): Promise<Servers> {
  const balancer = balancerNamed(setup.balancer);
  const { nodeSoftware: software = "wirebench" } = setup;
  if (software === "socket.io") requireLibraries("Socket.IO", socketIoLibraries);
  const executable = requireProgram(programNamed(balancer.program));
  const [broker, state] = await Promise.all([
    setup.broker === "none" ? undefined : programs.serverOf(setup.broker),
    setup.state === "outside" ? programs.program("redis") : undefined,
  ]);
  for (const program of new Set([broker, state])) {
    if (program === undefined) continue;
    program.onDeath = died;
    // It serves the next cluster too, which is not to hear of this one's.
    cleanUp.defer(() => {
      if (program.onDeath === died) program.onDeath = undefined;
    });
  }
  // A process of its own tells its end; of a program that somebody else started only its nodes' links tell.
  const isForeign = broker?.foreign === true;
  const server = broker && { name: setup.broker, server: broker };
  cleanUp.defer(() => leaveAsFound({ topic, broker: server, state }));
  const limits: Limits = { ...defaultLimits, queueBytesMax: setup.queueBytesMax };
  const total = setup.nodes + setup.spareNodes;
  const ports = await freePorts(2 * total);
  const names = Array.from({ length: total }, (_, index) => `node-${index + 1}`);
  const relays = broker && setup.relayedNodes ? cleanUp.use(new Relays(broker)) : undefined;
  void relays?.exited.then(died);
  await relays?.open(names.slice(0, setup.relayedNodes));
  const nodes = names.map((name, index) => {
    const order: NodeOrder = {
      node: name,
      software,
      protocol: setup.protocol,
      limits,
      port: ports[2 * index]!,
      readyPort: ports[2 * index + 1]!,
      broker: setup.broker,
      topic,
      ...(broker && { brokerUrl: relays?.addressFor(name) ?? broker.url }),
      ...(state && { stateUrl: state.url }),
      ...(setup.rooms && { rooms: setup.rooms.how }),
      ...(setup.sharedConsumerGroup && { consumerGroup: topic }),
    };
    const node = new ClusterNode(order);
    node.onDeath = nodeDied === undefined ? died : (sentence) => nodeDied(name, sentence);
    if (isForeign && broker !== undefined) {
      node.onBrokerStatus = (status) => {
        if (status === "lost") void whyGone(broker).then((gone) => gone !== undefined && died(gone));
      };
    }
    return node;
  });
  cleanUp.defer(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  });
  await Promise.all(nodes.slice(0, setup.nodes).map((node) => node.start()));

  // Before they start: if everything is given up meanwhile, this throws, or waits for them and ends them.
  const starting: Promise<RunningProxy>[] = [];
  cleanUp.defer(async () => {
    await Promise.all(starting.map(async (start) => (await start.catch(() => undefined))?.stop()));
  });
  const folders = Array.from({ length: setup.balancers ?? 1 }, () =>
    mkdtempSync(join(tmpdir(), `wirebench-${balancer.program}-`)),
  );
  for (const folder of folders) {
    starting.push(
      balancer.start(
        {
          policy: setup.policy,
          nodes: nodes.map(({ name, port, readyPort }, index) => ({
            name,
            port,
            readyPort,
            spare: index >= setup.nodes,
          })),
          shutdownSessions: setup.shutdownSessions,
          slowStartMs: setup.slowStartMs,
          tunnelTimeoutMs,
        },
        { executable, folder, temporary: true },
      ),
    );
  }
  const proxies = await Promise.all(starting);
  for (const proxy of proxies) proxy.onDeath = died;
  const urls = proxies.map(({ authority }) => {
    const url = new URL(nodes[0]!.url);
    url.host = authority;
    return url.href;
  });
  return { nodes, proxies, proxyFolder: folders[0]!, broker, relays, urls };
}
