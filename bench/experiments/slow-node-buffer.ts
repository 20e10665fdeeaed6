import { nowNs } from "../../protocol/clock.ts";
import { brokerNamed } from "../../servers/cluster/brokers/brokers.ts";
import type { SlowSubscriber } from "../../servers/programs/program.ts";
import { programNamed } from "../../servers/programs/programs.ts";
import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings, Setup } from "../rigs/cluster/cluster-setup.ts";
import { type ClusterCell, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { type Expectation, noSilentLoss, nothingTwice } from "./cluster/expectations.ts";
import { defined, ledgerMeasures, ledgerMetrics } from "./cluster/ledger-measures.ts";
import { hasHistory, realBrokers, setupOf } from "./cluster/setup.ts";
import { breakAt, openLoop } from "./cluster/traffic.ts";
import { exactly } from "./contract/experiment.ts";

const mebibyte = 1024 * 1024;
/** Large, so that a queue of tens of megabytes is full within seconds, with the limits the brokers come with. */
const payloadBytes = 64 * 1024;
const ratePerSecond = 200;
const bytesPerSecond = payloadBytes * ratePerSecond;
const faultAfterMs = 300;
/** What the kernel holds for a socket on both ends, at most, and the node itself. */
const kernelBytesMax = 24 * mebibyte;
/** How long a node stays frozen whose broker has no limit that it could reach, or once it was cut off. */
const frozenMs = 3000;
const afterCutMs = 500;
const afterwardsMs = 500;
const lookAgainMs = 20;
/** The traffic itself, and a busy machine. */
const graceMs = 1500;
/** More than any cell here can miss. */
const listedMax = 100_000;
/** What a node gets at once when it reads again, it must be able to queue for its users. */
const queueBytesMax = 256 * mebibyte;

/** What the broker does with a node that does not read; undefined where it only answers questions, or waits for a word. */
function limitOf(broker: string) {
  const { component, history } = brokerNamed(broker).traits;
  return history || component === undefined ? undefined : programNamed(component).slowSubscriber;
}

/** One node stands still while the others publish; then it goes on. */
async function* freezeNode(rig: ClusterRig, { recoveryMsMax }: ClusterSettings, frozenMsMax: number) {
  const victim = rig.nodes[0]!;
  const broker = rig.broker!;
  const { component } = brokerNamed(rig.setup.broker).traits;
  const says = component === undefined ? undefined : programNamed(component).slowSubscriber?.says;
  const cuts = (): number => (says && broker.log?.match(says)?.length) ?? 0;
  const cutsBefore = cuts();
  const publishersOn = rig.nodes.slice(1).map(({ name }) => name);
  let givenUpMs: number | undefined;
  const durationMs = faultAfterMs + frozenMsMax + recoveryMsMax + afterwardsMs;
  const order = { ratePerSecond, durationMs, publishersOn, drainMsMax: recoveryMsMax };
  const ledger = yield* openLoop(rig, order, async () => {
    await rig.wait(faultAfterMs);
    const faultNs = await breakAt(rig, victim.name, "frozen (SIGSTOP)", async () => victim.freeze());
    for (const endNs = faultNs + frozenMsMax * 1e6; nowNs() < endNs && cuts() === cutsBefore; ) {
      await rig.wait(lookAgainMs);
    }
    if (cuts() > cutsBefore) {
      givenUpMs = (nowNs() - faultNs) / 1e6;
      rig.mark("observation", broker.name, `cuts ${victim.name} off`);
      await rig.wait(afterCutMs);
    }
    victim.thaw();
    rig.mark("action", victim.name, "thawed (SIGCONT)");
    const liveNs = await rig.untilBrokerLive();
    rig.mark("observation", victim.name, "subscription live", liveNs);
    await rig.wait(afterwardsMs);
    rig.users.halt();
  });
  const missing = (await rig.users.missing(listedMax)).deliveries.filter(({ answer }) => answer === "accepted");
  return {
    ...ledgerMeasures(ledger),
    gapNotices: ledger.gapNotices,
    acceptedMissingDeliveries: missing.length,
    otherNodesMissedDeliveries: missing.filter(({ recipientNode }) => recipientNode !== victim.name).length,
    // Of one that says nothing nobody can tell.
    ...(says && { slowConsumers: cuts() - cutsBefore }),
    ...defined([["givenUpMs", givenUpMs]]),
  };
}

const times = (metric: Expectation["metric"], count: number, statement: string, formula: string): Expectation => ({
  statement,
  formula,
  metric,
  expected: exactly(count),
});

const msFor = (bytes: number): number => (bytes * 1000) / bytesPerSecond;

/** When the broker cuts the node off: at the earliest when its queue is full. */
function cutOffMs({ queuedBytesMax, unwrittenMsMax = 0 }: SlowSubscriber): { low: number; high: number } {
  const fullMs = msFor(queuedBytesMax);
  const patientMs = Math.max(fullMs, unwrittenMsMax);
  return { low: 0.9 * fullMs, high: patientMs + msFor(kernelBytesMax) + graceMs };
}

/** What the default limit of the broker brings about. */
function cutOff(limit: SlowSubscriber, users: number): Expectation[] {
  const { queuedBytesMax, unwrittenMsMax, holdsPublishersFrom = 1 } = limit;
  const queued = Math.floor((holdsPublishersFrom * queuedBytesMax) / payloadBytes);
  const size = `${queuedBytesMax / mebibyte} MiB`;
  const held = holdsPublishersFrom < 1;
  return [
    times(
      "slowConsumers",
      1,
      "the broker queues for a node that does not read up to its limit, and then cuts it off: that node, and no other",
      "cut off = 1",
    ),
    {
      statement: held
        ? "that takes as long as it takes to fill the queue, or, where publishers are held back meanwhile, until nothing could be written for too long"
        : "that takes as long as it takes to fill the queue, and what the kernel holds before it",
      formula: `limit / (rate × size) = ${size} / ${bytesPerSecond / 1e6} MB/s = ${Math.round(msFor(queuedBytesMax))} ms, less a tenth${unwrittenMsMax === undefined ? "" : `, up to ${unwrittenMsMax} ms without a write`}; ${Math.round(msFor(kernelBytesMax))} ms more for the kernel's buffers and ${graceMs} ms for a busy machine`,
      metric: "givenUpMs",
      expected: cutOffMs(limit),
    },
    {
      statement: "what was queued is lost",
      formula: `${held ? `${holdsPublishersFrom} × ` : ""}limit / size × users on it = ${queued} × ${users}, less a fifth`,
      metric: "acceptedMissingDeliveries",
      expected: { low: 0.8 * queued * users },
    },
    {
      statement: held
        ? "its users are told of a gap, and so are others whose nodes were held back for too long"
        : "its users are told of a gap",
      formula: `gap notices ${held ? "≥" : "="} users on it = ${users}`,
      metric: "gapNotices",
      expected: held ? { low: users } : exactly(users),
    },
    noSilentLoss,
    ...(held ? [] : [othersMissNothing]),
  ];
}

const othersMissNothing = times(
  "otherNodesMissedDeliveries",
  0,
  "the users of the other nodes get everything the broker took",
  "missing of the accepted, at users of other nodes = 0",
);

const keptUp: readonly Expectation[] = [
  times(
    "acceptedMissingDeliveries",
    0,
    "the log waits for the node: everything comes, late",
    "missing of the accepted = 0",
  ),
  times("gapNotices", 0, "and nobody is told of a gap", "gap notices = 0"),
  othersMissNothing,
];

function variants(settings: ClusterSettings): Variant[] {
  return realBrokers(settings).map((broker): Variant => {
    const limit = limitOf(broker);
    const setup: Setup = setupOf(settings, {
      broker,
      users: settings.nodes,
      payloadBytes,
      queueBytesMax,
      shutdownSessions: false,
    });
    const frozenMsMax = limit === undefined ? frozenMs : cutOffMs(limit).high + graceMs;
    return {
      name: broker,
      setup,
      load: { kind: "open", ratePerSecond },
      settings: {
        shutdownSessions: false,
        ...(limit === undefined ? { frozenMs } : { brokerQueueBytesMax: limit.queuedBytesMax }),
      },
      expectations: [...(limit === undefined ? keptUp : cutOff(limit, setup.users / setup.nodes)), nothingTwice],
      trafficMs: faultAfterMs + frozenMsMax + afterCutMs + afterwardsMs,
      run: (rig) => freezeNode(rig, settings, frozenMsMax),
    };
  });
}

/** Of one that keeps nothing, only its limit tells what is lost. */
function whyUnpredicted({ setup: { broker } }: ClusterCell): string | undefined {
  if (hasHistory(broker) || limitOf(broker) !== undefined) return undefined;
  const { title } = brokerNamed(broker).traits;
  return `what ${title} queues for a node that does not read, and when it cuts it off, is not on record here`;
}

/** A node that does not read against what its broker queues for it. */
export const slowNodeBuffer = clusterExperiment({
  name: "slow-node-buffer",
  group: "failure",
  presets: ["standard", "full"],
  title: "A node that does not read its broker",
  question:
    "A node stands still while large messages flow. What does the broker do with what it should read, and who loses what?",
  lesson:
    "A broker that pushes has to put what a node does not read somewhere: into a queue in its memory, up to a limit, and then it cuts the node off and throws the queue away. Everything the limit held is lost, more than the outage alone would have cost, and only the gap notice says so. NATS first makes publishers wait for the one that does not read, so that one frozen node holds up all others until it is cut off. A log makes the node's slowness the node's problem: nothing waits in the broker's memory, and the node reads on where it was.",
  follows: ["nodes", "brokers", "policy", "protocol"],
  metrics: [
    ...ledgerMetrics,
    "gapNotices",
    "acceptedMissingDeliveries",
    "otherNodesMissedDeliveries",
    "slowConsumers",
    "givenUpMs",
  ],
  predicts: ["connection"],
  unfit: whyUnpredicted,
  variants,
  sabotage(cells, settings) {
    const cut = cells.find(({ setup }) => limitOf(setup.broker) !== undefined)!;
    return { cell: { ...cut, run: (rig) => freezeNode(rig, settings, 200) }, fails: "slowConsumers" };
  },
});
