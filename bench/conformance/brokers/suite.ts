import { describeError } from "../../../protocol/errors.ts";
import type { Broker } from "../../../servers/cluster/broker/broker.ts";
import type { RunningProgram } from "../../../servers/programs/running-program.ts";
import { cases } from "./cases.ts";
import { failureCases } from "./failure-cases.ts";
import type { ForeignClient } from "./foreign.ts";
import { Member } from "./member.ts";

export interface BrokerUnderTest {
  readonly broker: Broker;
  /** Its server, ours to kill. */
  readonly program: RunningProgram;
  readonly foreign: ForeignClient;
  /** How long a case waits for what must happen; by default as long as the slowest broker on a busy machine needs. */
  readonly patienceMs?: number;
}

/** One case's own topic and what it needs to fill it with life. */
export interface BrokerContext extends BrokerUnderTest {
  readonly topic: string;
  /** Node `node-<n>` joins; `url` is another way to the broker than the direct one. */
  join(n: number, url?: string): Promise<Member>;
}

export interface BrokerCase {
  readonly name: string;
  /** False for brokers it says nothing about. */
  readonly applies?: (subject: Omit<BrokerUnderTest, "program">) => boolean;
  run(context: BrokerContext): Promise<void>;
}

export interface BrokerResult {
  readonly case: string;
  readonly outcome: "passed" | "failed";
  readonly reason?: string;
}

/** The cases of a broker, in order: the ones that leave its server alone first. */
export const casesFor = (subject: Omit<BrokerUnderTest, "program">): BrokerCase[] =>
  [...cases, ...failureCases].filter(({ applies }) => applies?.(subject) ?? true);

/** Runs one case on a fresh topic. Rejects with why it failed. */
export async function runCase(subject: BrokerUnderTest, { run }: BrokerCase, topic: string): Promise<void> {
  const { broker, program, patienceMs } = subject;
  const patience = patienceMs === undefined ? {} : { patienceMs };
  await run({
    ...subject,
    topic,
    join: (n, url = program.url) => Member.join(broker, { url, topic, node: `node-${n}`, ...patience }),
  });
}

/** Runs all cases that apply, stopping at the first failure: what follows says nothing more. */
export async function checkBroker(subject: BrokerUnderTest): Promise<BrokerResult[]> {
  const results: BrokerResult[] = [];
  for (const [i, each] of casesFor(subject).entries()) {
    try {
      await runCase(subject, each, `conformance-${i}`);
      results.push({ case: each.name, outcome: "passed" });
    } catch (error) {
      results.push({ case: each.name, outcome: "failed", reason: describeError(error) });
      break;
    }
  }
  return results;
}
