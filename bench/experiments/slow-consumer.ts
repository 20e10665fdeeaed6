import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { balancedAs } from "../targets/balanced-protocols.ts";
import { brokenBy, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { ledgerMeasures, ledgerMetrics } from "./cluster/ledger-measures.ts";
import { evenUsers, setupOf } from "./cluster/setup.ts";
import { breakAt, openLoop } from "./cluster/traffic.ts";
import { exactly } from "./contract/experiment.ts";

const mebibyte = 1024 * 1024;
const payloadBytes = 32 * 1024;
/** What a node queues for a user before it gives it up, beyond what the kernel and the load balancer hold. */
const queueBytesMax = 2 * mebibyte;
const ratePerSecond = 200;
/** Long enough to fill the buffers of two sockets and the load balancer, which the kernel grows to some megabytes. */
const durationMs = 5000;

/** One user among few stops reading; large messages keep coming. */
async function* stopReading(rig: ClusterRig) {
  const slow = await rig.connectSecondUsers(1);
  let givenUpMs: number | undefined;
  const ledger = yield* openLoop(rig, { ratePerSecond, durationMs, publishers: 1 }, async () => {
    await rig.wait(200);
    const faultNs = await breakAt(rig, "one user", "stopped reading (SIGSTOP)", async () => slow.freeze());
    const atNs = await rig.untilNodes((counts) => counts.some(({ slowConsumers }) => slowConsumers > 0), durationMs);
    if (atNs === undefined) return;
    rig.mark("observation", "its node", "gave it up", atNs);
    givenUpMs = (atNs - faultNs) / 1e6;
  });
  const after = await rig.nodeCounts();
  return {
    ...ledgerMeasures(ledger),
    slowConsumers: after.reduce((sum, { slowConsumers }) => sum + slowConsumers, 0),
    ...(givenUpMs !== undefined && { givenUpMs }),
  };
}

function variants(settings: ClusterSettings): Variant[] {
  const users = evenUsers(3, settings.nodes);
  const broker = settings.brokers.find((name) => name === "redis" || name === "nats") ?? settings.brokers[0] ?? "none";
  const limitMs = (queueBytesMax * 1000) / (ratePerSecond * payloadBytes);
  return [
    {
      name: "one user stops reading",
      setup: setupOf(settings, { broker, users, payloadBytes, queueBytesMax }),
      load: { kind: "open", ratePerSecond },
      durationMs,
      settings: { queueBytesMax },
      expectations: [
        {
          statement: "the node gives up the one user that does not read (close code 1013)",
          formula: `published ${(ratePerSecond * payloadBytes) / 1e6} MB/s > buffers + ${queueBytesMax / mebibyte} MiB within ${durationMs / 1000} s`,
          metric: "slowConsumers",
          expected: exactly(1),
        },
        {
          statement: "the others do not notice",
          formula: "delivered / (published × users) = 1",
          metric: "deliveredFraction",
          expected: exactly(1),
        },
        {
          statement:
            "and not before the limit of what it queues is reached, on top of what the buffers on the way took",
          formula: `limit / (rate × size) = ${Math.round(limitMs)} ms, less a poll where the user polls, to the end of the traffic`,
          metric: "givenUpMs",
          expected: { low: 0.9 * limitMs - (balancedAs(settings.protocol) === "requests" ? 200 : 0), high: durationMs },
        },
      ],
      trafficMs: durationMs + 1000,
      run: stopReading,
    },
  ];
}

/** A user that does not read. */
export const slowConsumer = clusterExperiment({
  name: "slow-consumer",
  group: "failure",
  title: "A user that does not read",
  question: "One user of a busy channel stops reading. What does that cost its node, and the others?",
  lesson:
    "What a slow consumer does not take waits in the sender: first in the kernel's buffers, then in the process. Without a bound one user can fill a node's memory; with one it is cut off with a code that says why, and the rest of the channel never notices.",
  follows: ["nodes", "brokers", "policy", "protocol"],
  metrics: [...ledgerMetrics, "slowConsumers", "givenUpMs"],
  variants,
  sabotage: ([right]) => brokenBy(right!, { queueBytesMax: 1024 * mebibyte }, "slowConsumers"),
});
