import { brokerNamed } from "../../servers/cluster/brokers/brokers.ts";
import type { Rooming } from "../../servers/cluster/node/channel.ts";
import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings, Setup } from "../rigs/cluster/cluster-setup.ts";
import { WorkMeter } from "../rigs/proc/work-meter.ts";
import { brokenBy, type ClusterCell, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import {
  type Expectation,
  nobodyCut,
  nothingMissing,
  nothingTwice,
  publisherOrderKept,
} from "./cluster/expectations.ts";
import { defined, ledgerMeasures, ledgerMetrics } from "./cluster/ledger-measures.ts";
import { evenUsers, realBrokers, setupOf } from "./cluster/setup.ts";
import { openLoop } from "./cluster/traffic.ts";
import { exactly } from "./contract/experiment.ts";

/** A conversation of two: on two nodes, if users come one after the other and each to the emptiest node. */
const usersPerRoom = 2;
/** An even number, so that no room straddles two rounds of the load balancer. */
const nodesOf = ({ nodes }: ClusterSettings): number => nodes + (nodes % 2);
const durationOf = ({ durationMs }: ClusterSettings): number => Math.max(1500, durationMs);

async function* talk(rig: ClusterRig, settings: ClusterSettings) {
  const order = { ratePerSecond: settings.ratePerSecond, durationMs: durationOf(settings) };
  const meter = new WorkMeter(() => ({ nodes: rig.nodes.map(({ pid }) => pid), broker: [rig.broker?.pid] }));
  const heard = async (): Promise<number> =>
    (await rig.nodeCounts()).reduce((sum, { brokerDeliveries }) => sum + brokerDeliveries, 0);
  const before = await heard();
  const traffic = openLoop(rig, order);
  const { result, of } = await meter.during(() => traffic.next());
  if (result.done) throw new TypeError("traffic without a window");
  yield result.value;
  const { value: ledger } = await traffic.next();
  if (!("deliveries" in ledger)) throw new TypeError("traffic without a ledger");
  const { publishedMessages } = ledger;
  return {
    ...ledgerMeasures(ledger),
    strayDeliveries: ledger.strayDeliveries,
    droppedConnections: (await rig.users.outages()).length,
    brokerDeliveriesPerPublication: ((await heard()) - before) / publishedMessages,
    ...defined([
      ["nodesCpuUsPerPublication", of.nodes && of.nodes.cpuUs / publishedMessages],
      ["brokerCpuUsPerPublication", of.broker && of.broker.cpuUs / publishedMessages],
    ]),
  };
}

const nothingToOthers: Expectation = {
  statement: "and nobody else gets it",
  formula: "deliveries to users of other rooms = 0",
  metric: "strayDeliveries",
  expected: exactly(0),
};

/** To how many nodes the broker hands one message. */
function handedOut(how: Rooming, { nodes }: Setup): Expectation {
  return how === "filtered"
    ? {
        statement: "every node hears what is said in every room, and hands on what concerns its users",
        formula: `broker deliveries / message = N = ${nodes}`,
        metric: "brokerDeliveriesPerPublication",
        expected: exactly(nodes),
      }
    : {
        statement: "the broker hands a message to the nodes that have users of its room, and to no other",
        formula: `broker deliveries / message = nodes of a room = ${usersPerRoom}`,
        metric: "brokerDeliveriesPerPublication",
        expected: exactly(usersPerRoom),
      };
}

function variants(settings: ClusterSettings): Variant[] {
  const { ratePerSecond } = settings;
  const durationMs = durationOf(settings);
  const nodes = nodesOf(settings);
  const variant = (broker: string, how: Rooming): Variant => {
    const setup = setupOf(settings, {
      broker,
      nodes,
      users: evenUsers(settings.users, nodes),
      rooms: { how, usersPerRoom },
      policy: "leastconn+cookie",
      connectConcurrent: 1,
      shutdownSessions: false,
    });
    return {
      name: how === "filtered" ? `${broker}, one topic for all rooms` : `${broker}, a topic per room`,
      setup,
      load: { kind: "open", ratePerSecond },
      durationMs,
      settings: {
        usersPerRoom,
        rooms: setup.users / usersPerRoom,
        topics: how === "filtered" ? "one" : "one per room",
      },
      expectations: [
        handedOut(how, setup),
        { ...nothingMissing, statement: "everybody in a room gets what is said there" },
        nothingToOthers,
        nothingTwice,
        publisherOrderKept,
        nobodyCut,
      ],
      trafficMs: durationMs + 500,
      run: (rig) => talk(rig, settings),
    };
  };
  return realBrokers(settings).flatMap((broker) => {
    const own = variant(broker, "subscribed");
    return brokerNamed(broker).traits.rooms ? [variant(broker, "filtered"), own] : [own];
  });
}

/** Where a node follows one log, a room is not something it could follow by itself. */
function whyNoRooms({ setup }: ClusterCell): string | undefined {
  const { rooms, title } = brokerNamed(setup.broker).traits;
  return rooms
    ? undefined
    : `with ${title} a node reads one log from one position: a log for each room, each with a position of its own, is not what wirebench builds`;
}

/** Conversations of a few, with one topic for all of them and with a topic for each. */
export const rooms = clusterExperiment({
  name: "rooms",
  group: "broadcast",
  presets: ["standard", "full"],
  title: "Rooms",
  question:
    "Users talk in rooms of a few. What does it save if a node subscribes to the rooms of its users only, instead of hearing everything?",
  lesson:
    "With one topic every node receives, reads and throws away what concerns none of its users, so that each node that is added adds work for the broker and brings none of its own for the rooms that are elsewhere. With a topic per room a message goes to as many nodes as have users of that room, however many nodes there are. That helps where rooms are small and nodes are many: a room with users on every node costs the same either way.",
  follows: ["nodes", "users", "ratePerSecond", "payloadBytes", "durationMs", "brokers", "protocol"],
  metrics: [
    ...ledgerMetrics,
    "strayDeliveries",
    "droppedConnections",
    "brokerDeliveriesPerPublication",
    "nodesCpuUsPerPublication",
    "brokerCpuUsPerPublication",
  ],
  predicts: ["connection"],
  unfit: whyNoRooms,
  variants,
  sabotage([one, several]) {
    return brokenBy(several!, { rooms: one!.setup.rooms! }, "brokerDeliveriesPerPublication");
  },
});
