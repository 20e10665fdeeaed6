import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import type { Stage } from "../rigs/cluster/stage.ts";
import { balancedAs } from "../targets/balanced-protocols.ts";
import { ledgerMeasures } from "./cluster/ledger-measures.ts";
import { evenUsers, setupOf } from "./cluster/setup.ts";
import { breakAt, publishFor } from "./cluster/traffic.ts";
import { type Arm, type Experiment, exactly } from "./contract/experiment.ts";

const mebibyte = 1024 * 1024;
const payloadBytes = 32 * 1024;
/** What a node queues for a user before it gives it up, beyond what the kernel and the load balancer hold. */
const queueBytesMax = 2 * mebibyte;
const ratePerSecond = 200;
/** Long enough to fill the buffers of two sockets and the load balancer, which the kernel grows to some megabytes. */
const durationMs = 5000;

/** One user among few stops reading; large messages keep coming. */
async function stopReading(stage: Stage) {
  const slow = await stage.openCrowd(1);
  let given: number | undefined;
  const ledger = await publishFor(stage, { ratePerSecond, durationMs, publishers: 1 }, async () => {
    await stage.wait(200);
    const faultNs = await breakAt(stage, "one user", "stopped reading (SIGSTOP)", async () => slow.signal("SIGSTOP"));
    given = await stage.untilNodes((counts) => counts.some(({ slowConsumers }) => slowConsumers > 0), durationMs);
    if (given !== undefined) {
      stage.mark("observation", "its node", "gave it up", given);
      given = (given - faultNs) / 1e6;
    }
  });
  const after = await stage.nodeCounts();
  return {
    ...ledgerMeasures(ledger),
    slowConsumers: after.reduce((sum, { slowConsumers }) => sum + slowConsumers, 0),
    ...(given !== undefined && { givenUpMs: given }),
  };
}

function arms(settings: ClusterSettings): Arm[] {
  const users = evenUsers(3, settings.nodes);
  const broker = settings.brokers.find((name) => name === "redis" || name === "nats") ?? settings.brokers[0] ?? "none";
  const limitMs = (queueBytesMax * 1000) / (ratePerSecond * payloadBytes);
  return [
    {
      name: "one user stops reading",
      setup: setupOf(settings, { broker, users, payloadBytes, queueBytesMax }),
      ratePerSecond,
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
      run: stopReading,
    },
  ];
}

/** A user that does not read. */
export const slowConsumer: Experiment = {
  name: "slow-consumer",
  group: "failure",
  title: "A user that does not read",
  question: "One user of a busy room stops reading. What does that cost its node, and the others?",
  lesson:
    "What a slow user does not take waits in the sender: first in the kernel's buffers, then in the process. Without a bound one user can fill a node's memory; with one it is cut off with a code that says why, and the rest of the room never notices.",
  arms,
  broken: (settings) => {
    const right = arms(settings)[0]!;
    return { ...right, setup: { ...right.setup, queueBytesMax: 1024 * mebibyte }, fails: "slowConsumers" };
  },
};
