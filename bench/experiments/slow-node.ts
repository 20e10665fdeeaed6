import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { nothingMissing } from "./cluster/expectations.ts";
import { ledgerMeasures, ledgerMetrics, nodeDelayMetrics, nodeDelays } from "./cluster/ledger-measures.ts";
import { anyBroker, setupOf } from "./cluster/setup.ts";
import { openLoop } from "./cluster/traffic.ts";

/** The node's event loop is busy for this long of every period. */
const busyMs = 40;
const everyMs = 50;
const durationOf = (settings: ClusterSettings): number => Math.max(1500, settings.durationMs);

/** Slows so many nodes down, of which the first is looked at; only users of the nodes after it publish. */
async function* slowDown(rig: ClusterRig, settings: ClusterSettings, slowNodes: number) {
  const slow = rig.nodes[0]!;
  const durationMs = durationOf(settings);
  const publishersOn = rig.nodes.slice(1).map(({ name }) => name);
  const ledger = yield* openLoop(rig, { ratePerSecond: settings.ratePerSecond, durationMs, publishersOn }, async () => {
    rig.mark("fault", slow.name, `busy ${busyMs} of every ${everyMs} ms`);
    const order = { busyMs, everyMs, forMs: durationMs };
    await rig.unlessFailed(Promise.all(rig.nodes.slice(0, slowNodes).map((node) => node.call("slow", order))));
  });
  return { ...ledgerMeasures(ledger), ...nodeDelays(ledger, slow.name) };
}

function variants(settings: ClusterSettings): Variant[] {
  const durationMs = durationOf(settings);
  // A message that comes at any time of the period waits longer than w with probability (busy - w) / every.
  const medianWaitMs = busyMs - everyMs / 2;
  return [
    {
      name: "one node busy 80 % of the time",
      setup: setupOf(settings, { broker: anyBroker(settings) }),
      load: { kind: "open", ratePerSecond: settings.ratePerSecond },
      durationMs,
      settings: { busyMs, everyMs },
      expectations: [
        nothingMissing,
        {
          statement: "the users of the slow node wait for it",
          formula: `median wait = busy − every / 2 = ${medianWaitMs} ms, in µs; from half of it, as few phases of the period are met, to a whole period`,
          metric: "slowNodeDeliveryP50Us",
          expected: { low: (medianWaitMs * 1000) / 2, high: everyMs * 1000 },
        },
        {
          statement: "the users of the other nodes do not: a broker keeps nodes apart",
          formula: "median of the others / median of the slow node ≤ 0.5",
          metric: "otherNodesOverSlowNodeRatio",
          expected: { high: 0.5 },
        },
      ],
      trafficMs: durationMs + 500,
      run: (rig) => slowDown(rig, settings, 1),
    },
  ];
}

/** One node is slow. */
export const slowNode = clusterExperiment({
  name: "slow-node",
  group: "failure",
  title: "A slow node",
  question: "One node is busy with something else most of the time. Who waits for it?",
  lesson:
    "Nodes that meet only at a broker do not wait for each other: the slow one delays its own users and nobody else, as long as the broker has room for what it has not read yet. HAProxy does not see it either: a slow node answers its health check.",
  follows: ["nodes", "users", "ratePerSecond", "payloadBytes", "durationMs", "brokers", "policy", "protocol"],
  metrics: [...ledgerMetrics, ...nodeDelayMetrics],
  predicts: ["connection", "stream"],
  variants,
  /** All nodes are slow: there are no others to be spared. */
  sabotage: ([cell], settings) => ({
    cell: { ...cell!, run: (rig) => slowDown(rig, settings, settings.nodes) },
    fails: "otherNodesOverSlowNodeRatio",
  }),
});
