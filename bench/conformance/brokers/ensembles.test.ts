/**
 * Brokers of several processes, each as short as it can be: traffic, the death of who leads, and what is left then. All at
 * once, since most of it is waiting for time-outs. `check.ts` runs the whole suite over them.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "../../../protocol/testing.ts";
import { brokerNamed } from "../../../servers/cluster/brokers/brokers.ts";
import { isEnsemble } from "../../../servers/programs/ensemble.ts";
import { findProgram, startProgram } from "../../../servers/programs/program.ts";
import { ensembles, programNamed } from "../../../servers/programs/programs.ts";
import { numbered } from "./cases.ts";
import { Member, seal } from "./member.ts";

const timeout = 600_000;

/** The brokers that a process of the ensemble can die under, one after the other. */
const brokersOf: Readonly<Record<string, readonly string[]>> = {
  "redis-sentinel": ["redis-streams-sentinel", "redis-sentinel"],
  "redis-cluster": ["redis-cluster"],
  "nats-cluster": ["jetstream-cluster", "nats-cluster"],
  "kafka-cluster": ["kafka-cluster"],
};

/** Publishes until one is accepted: while nobody leads none is. */
async function publishOnceTaken(member: Member, text: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await member.publish(`${text}, try ${tries}`);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

describe("a leader dies", { concurrency: true }, () => {
  for (const { name } of ensembles) {
    const missing = findProgram(programNamed(name)) === undefined;
    const skip = missing && process.env.WIREBENCH_REQUIRE !== "all" ? `${name} is not installed` : false;

    test(`of ${name}`, { skip, timeout }, async (t) => {
      const ensemble = await startProgram(programNamed(name));
      t.after(() => ensemble.stop());
      assert.ok(isEnsemble(ensemble));
      const { url } = ensemble;
      const groups = await Promise.all(
        brokersOf[name]!.map(async (broker) => {
          const joining = [1, 2, 3].map((n) =>
            Member.join(brokerNamed(broker), { url, topic: broker, node: `node-${n}`, patienceMs: timeout }),
          );
          t.after(async () => {
            for (const joined of await Promise.allSettled(joining)) {
              if (joined.status === "fulfilled") await joined.value.connection.close();
            }
          });
          const members = await Promise.all(joining);
          const sent = members.map((_, n) => numbered(10, `of ${n}`));
          await Promise.all(members.map((member, n) => member.publishAll(sent[n]!)));
          await seal(members, "before");
          for (const { texts } of members) assert.deepEqual(new Set(texts), new Set([...sent.flat(), "before"]));
          return { broker, members, before: members[0]!.texts };
        }),
      );

      // Core NATS alone has none; beside it, JetStream has one.
      const [{ broker: first }] = groups as [(typeof groups)[0]];
      const leader = await ensemble.leader(first);
      assert.ok(leader !== undefined && ensemble.members.includes(leader));
      await leader.kill();
      assert.equal(ensemble.pid, undefined, "a part of it is no whole");
      await until(async () => {
        const now = await ensemble.leader(first);
        return now !== undefined && now !== leader;
      }, timeout);

      await Promise.all(
        groups.map(async ({ broker, members, before }) => {
          await publishOnceTaken(members[0]!, "after");
          await Promise.all(
            members.map(({ connection }, n) => until(() => connection.live, timeout).catch(() => assert.fail(`${n}`))),
          );
          await publishOnceTaken(members[1]!, "the last");
          const { durability } = brokerNamed(broker).traits;
          for (const member of members) {
            await member.until(() => member.texts.some((text) => text.startsWith("the last")), "the last did not come");
            assert.deepEqual(member.texts.slice(0, before.length).toSorted(), before.toSorted());
            if (durability.acknowledgedBy > 1) {
              assert.ok(
                member.texts.some((text) => text.startsWith("after")),
                "what was accepted did not come",
              );
              assert.ok(!member.statuses.includes("live-after-gap"), member.statuses.join());
            }
          }
        }),
      );
    });
  }
});
