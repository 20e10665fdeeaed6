import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { nothingMissing } from "./cluster/expectations.ts";
import { ledgerMeasures, nodeDelays } from "./cluster/ledger-measures.ts";
import { anyBroker, setupOf } from "./cluster/setup.ts";
import { publishFor } from "./cluster/traffic.ts";
import type { Arm, Experiment } from "./contract/experiment.ts";

/** The node's event loop is busy for this long of every period. */
const busyMs = 40;
const everyMs = 50;

function arms(settings: ClusterSettings, slowNodes = 1): Arm[] {
  const setup = setupOf(settings, { broker: anyBroker(settings) });
  const durationMs = Math.max(1500, settings.durationMs);
  // A message that comes at any time of the period waits longer than w with probability (busy - w) / every.
  const medianWaitMs = busyMs - everyMs / 2;
  return [
    {
      name: "one node busy 80 % of the time",
      setup,
      ratePerSecond: settings.ratePerSecond,
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
          expected: { low: 0, high: 0.5 },
        },
      ],
      run: async (stage) => {
        const slow = stage.nodes[0]!;
        const ledger = await publishFor(
          stage,
          {
            ratePerSecond: settings.ratePerSecond,
            durationMs,
            publishersOn: stage.nodes.slice(1).map(({ name }) => name),
          },
          async () => {
            stage.mark("fault", slow.name, `busy ${busyMs} of every ${everyMs} ms`);
            const order = { busyMs, everyMs, forMs: durationMs };
            await stage.unlessFailed(
              Promise.all(stage.nodes.slice(0, slowNodes).map((node) => node.call("slow", order))),
            );
          },
        );
        return { ...ledgerMeasures(ledger), ...nodeDelays(ledger, slow.name) };
      },
    },
  ];
}

/** One node is slow. */
export const slowNode: Experiment = {
  name: "slow-node",
  group: "failure",
  title: "A slow node",
  question: "One node is busy with something else most of the time. Who waits for it?",
  lesson:
    "Nodes that meet only at a broker do not wait for each other: the slow one delays its own users and nobody else, as long as the broker has room for what it has not read yet. HAProxy does not see it either: a slow node answers its health check.",
  predicts: ["connection", "stream"],
  arms,
  /** All nodes are slow: there are no others to be spared. */
  broken: (settings) => ({ ...arms(settings, settings.nodes)[0]!, fails: "otherNodesOverSlowNodeRatio" }),
};
