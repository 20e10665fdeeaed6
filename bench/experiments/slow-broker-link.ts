import { LatencyHistogram } from "../../load/recording/latency.ts";
import { brokerNamed } from "../../servers/cluster/brokers/brokers.ts";
import type { Impairments } from "../relay/relay.ts";
import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings, Setup } from "../rigs/cluster/cluster-setup.ts";
import { clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import {
  type Expectation,
  nobodyCut,
  nothingMissing,
  nothingTwice,
  publisherOrderKept,
} from "./cluster/expectations.ts";
import {
  defined,
  ledgerMeasures,
  ledgerMetrics,
  longestDelayMs,
  nodeDelayMetrics,
  nodeDelays,
} from "./cluster/ledger-measures.ts";
import { whyNoRelay } from "./cluster/relayed.ts";
import { hasHistory, realBrokers, setupOf } from "./cluster/setup.ts";
import { openLoop } from "./cluster/traffic.ts";
import { exactly } from "./contract/experiment.ts";

/** Each way: another region on the same continent. */
const delayMs = 50;
const delayed: Impairments = { up: { delayMs }, down: { delayMs } };
/** Of a message on the narrow line, so that the envelope is little beside it. */
const narrowPayloadBytes = 4096;
/** Traffic that the narrow line is given: twice what it carries. */
const overload = 2;
/** Short enough that an answer to a heartbeat, which waits behind the messages, is in time: 2 s. */
const narrowMs = 1500;

const durationOf = (settings: ClusterSettings): number => Math.max(1500, settings.durationMs);

/** The links of the nodes that have a relay are as ordered, from before the first message. */
async function* overLinks(
  rig: ClusterRig,
  order: { readonly ratePerSecond: number; readonly durationMs: number; readonly drainMsMax: number },
  impairments: Impairments,
) {
  const slow = rig.nodes.slice(0, rig.setup.relayedNodes);
  for (const { name } of slow) await rig.unlessFailed(rig.relays.impose(name, impairments));
  const ledger = yield* openLoop(rig, order);
  const { name } = slow[0]!;
  const { down } = await rig.unlessFailed(rig.relays.read(name));
  return {
    ...ledgerMeasures(ledger),
    ...nodeDelays(ledger, name),
    droppedConnections: (await rig.users.outages()).length,
    gapNotices: ledger.gapNotices,
    ...defined([
      [
        "linkDelayP50Us",
        down.imposed === undefined ? undefined : LatencyHistogram.decode(down.imposed).percentileNs(50) / 1000,
      ],
      ["impairedNodeDeliveryMaxMs", longestDelayMs(ledger, name)],
    ]),
  };
}

const noGap: Expectation = {
  statement: "and is told of no gap",
  formula: "gap notices = 0",
  metric: "gapNotices",
  expected: exactly(0),
};

/**
 * Of the users of the one node that is far from its broker, beside those of the others in the same moments: what the
 * machine adds, it adds to both.
 */
function farAway({ broker }: Setup): Expectation {
  const { polled } = brokerNamed(broker).traits;
  const ways = polled ? 3 : 2;
  return {
    statement: polled
      ? "its users wait longer than others, who do not notice: a message waits for the node's next question, which is a way there and back away, and then takes its way"
      : "its users wait longer than others, who do not notice: one way for what others publish, there and back for what its own publish",
    formula: `p50 on the slow node - p50 elsewhere = D to ${ways} D = ${delayMs} to ${ways * delayMs} ms, within a fifth of D for a busy machine`,
    metric: "slowNodeAddedP50Us",
    expected: { low: 0.8 * delayMs * 1000, high: (ways + 0.2) * delayMs * 1000 },
  };
}

function variants(settings: ClusterSettings): Variant[] {
  const { ratePerSecond, recoveryMsMax } = settings;
  const always = [nothingMissing, noGap, nothingTwice, publisherOrderKept, nobodyCut];
  const variant = (
    name: string,
    own: Partial<Setup>,
    impairments: Impairments,
    durationMs: number,
    expect: (setup: Setup) => Expectation[],
  ): Variant => {
    // A slow link makes no node unready; a health check that is missed would.
    const setup = setupOf(settings, { shutdownSessions: false, ...own });
    const { delayMs = 0, bytesPerSecond = 0 } = impairments.down ?? {};
    return {
      name,
      setup,
      load: { kind: "open", ratePerSecond },
      durationMs,
      settings: {
        slowLinks: setup.relayedNodes ?? 0,
        ...(delayMs > 0 && { linkDelayMs: delayMs }),
        ...(bytesPerSecond > 0 && { linkBytesPerSecond: bytesPerSecond }),
      },
      expectations: [...expect(setup), ...always],
      trafficMs: durationMs + 1000,
      run: (rig) => overLinks(rig, { ratePerSecond, durationMs, drainMsMax: recoveryMsMax }, impairments),
    };
  };
  const brokers = realBrokers(settings);
  const plain = brokers.find((broker) => !hasHistory(broker));
  return [
    ...brokers.map((broker) =>
      variant(broker, { broker, relayedNodes: 1 }, delayed, durationOf(settings), (setup) => [farAway(setup)]),
    ),
    ...(plain === undefined
      ? []
      : [
          variant(
            `${plain}, every node far away`,
            { broker: plain, relayedNodes: settings.nodes },
            delayed,
            durationOf(settings),
            () =>
              (["sameNodeDeliveryP50Us", "crossNodeDeliveryP50Us"] as const).map((metric) => ({
                statement: "every message goes to the broker and back, even between neighbours on one node",
                formula: `2 D = ${2 * delayMs} ms, and D more for a busy machine`,
                metric,
                expected: { low: 2 * delayMs * 1000, high: 3 * delayMs * 1000 },
              })),
          ),
          variant(
            `${plain}, narrow`,
            { broker: plain, relayedNodes: 1, payloadBytes: narrowPayloadBytes },
            { down: { bytesPerSecond: (ratePerSecond * narrowPayloadBytes) / overload } },
            narrowMs,
            () => [
              {
                statement: "a line that carries half of the traffic makes its users later and later, and loses nothing",
                formula: `longest delay ≈ (rate × size / line - 1) × duration = (${overload} - 1) × ${narrowMs} ms, up to a quarter more for envelopes, and half a second for a busy machine`,
                metric: "impairedNodeDeliveryMaxMs",
                expected: { low: (overload - 1) * narrowMs - 100, high: 1.25 * (overload - 1) * narrowMs + 500 },
              },
              {
                statement: "the users of the other nodes do not notice",
                formula: "p50 of the others / p50 on the slow node ≤ 0.5",
                metric: "otherNodesOverSlowNodeRatio",
                expected: { high: 0.5 },
              },
            ],
          ),
        ]),
  ];
}

/** The broker is far away, or the line to it is narrow. */
export const slowBrokerLink = clusterExperiment({
  name: "slow-broker-link",
  group: "broadcast",
  presets: ["standard", "full"],
  title: "A slow link to the broker",
  question:
    "One node, or every node, is far from the broker or has a narrow line to it. Who waits, for how long, and is anything lost?",
  lesson:
    "A node that is far away is late for its own users only: the broker does not wait for it, and the others do not either. Where the node asks for messages instead of being sent them, each waits for the next question, which costs another way there and back. A line that is too narrow is worse than a long one: what waits for it piles up, first in the kernel and then in the broker, and delays grow for as long as the load lasts.",
  follows: ["nodes", "users", "ratePerSecond", "payloadBytes", "durationMs", "brokers", "policy", "protocol"],
  metrics: [
    ...ledgerMetrics,
    ...nodeDelayMetrics,
    "droppedConnections",
    "gapNotices",
    "linkDelayP50Us",
    "impairedNodeDeliveryMaxMs",
  ],
  predicts: ["connection"],
  unfit: ({ setup }) => whyNoRelay(setup.broker),
  variants,
  /** A link that is much longer than it is said to be, and than anything a busy machine adds. */
  sabotage([one]) {
    const order = { ratePerSecond: 100, durationMs: 600, drainMsMax: 5000 };
    const far = { down: { delayMs: 20 * delayMs } };
    return { cell: { ...one!, run: (rig) => overLinks(rig, order, far) }, fails: "slowNodeAddedP50Us" };
  },
});
