/** What a cluster leaves in servers that were there before it, and are there after it. */
import { randomBytes } from "node:crypto";
import { describeError } from "../../../protocol/errors.ts";
import { brokerNamed } from "../../../servers/cluster/brokers/brokers.ts";
import { forgetSessions } from "../../../servers/cluster/node/redis-sessions.ts";
import type { RunningProgram } from "../../../servers/programs/running-program.ts";

/** Not seeded: two runs with one seed, on two machines, may meet in a server. */
const run = randomBytes(6).toString("hex");
let clusters = 0;

/** Of this cluster alone, in any server, whoever else uses it: the beginning of no other. Every broker takes it as a name. */
export const topicOfCluster = (): string => `wirebench-${run}-${String(++clusters).padStart(6, "0")}`;

const removalMsMax = 60_000;

export interface Belongings {
  readonly topic: string;
  readonly broker: { readonly name: string; readonly server: RunningProgram } | undefined;
  /** Where the sessions are that are kept outside the nodes. */
  readonly state: RunningProgram | undefined;
}

/** Once the nodes are gone: takes away what is the cluster's in somebody else's server. Our own end with all they have. */
export async function leaveAsFound({ topic, broker, state }: Belongings): Promise<void> {
  const removals: Promise<void>[] = [];
  const remove = ({ name }: RunningProgram, removal: Promise<void> | undefined): void => {
    if (removal === undefined) return;
    removals.push(
      inTime(removal).catch((error: unknown) => {
        process.stderr.write(`wirebench: could not remove ${topic} from ${name}: ${describeError(error)}\n`);
      }),
    );
  };
  if (broker?.server.foreign) {
    const { url } = broker.server;
    remove(broker.server, brokerNamed(broker.name).removeTopics?.({ url, prefix: topic }));
  }
  if (state?.foreign) remove(state, forgetSessions(state.url, topic));
  await Promise.all(removals);
}

async function inTime(removal: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("no answer in time")), removalMsMax);
  try {
    await Promise.race([removal, late]);
  } finally {
    clearTimeout(timer);
  }
}
