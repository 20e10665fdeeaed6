import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { until } from "../../../protocol/testing.ts";
import { isPlain } from "../../../servers/cluster/broker/configurations.ts";
import { brokerNamed, brokers } from "../../../servers/cluster/brokers/brokers.ts";
import { startMemoryHub } from "../../../servers/cluster/memory-hub/program.ts";
import { ProgramPool } from "../../rigs/program-pool.ts";
import { leftOut } from "../../testing.ts";
import { numbered } from "./cases.ts";
import { foreignClientOf, isOfOneProgram } from "./foreign.ts";
import { Member } from "./member.ts";
import { type BrokerUnderTest, casesFor, checkBroker, runCase } from "./suite.ts";
import { wrongBrokers } from "./wrong-brokers.ts";

/** The memory broker does everything in an instant; what a wrong one withholds never comes. */
const wrongPatienceMs = 3000;

const programs = new ProgramPool();
after(() => programs[Symbol.asyncDispose]());

// Another configuration is another server behind the same client: see configurations.test.ts.
for (const broker of brokers.filter(isPlain).filter(isOfOneProgram)) {
  const { name } = broker.traits;
  const foreign = foreignClientOf(broker);
  const skip = leftOut(broker);

  describe(`the ${name} broker`, { skip }, () => {
    for (const [i, each] of casesFor({ broker, foreign }).entries()) {
      test(each.name, async () => {
        await runCase({ broker, foreign, program: await programs.serverOf(name) }, each, `conformance-${i}`);
      });
    }

    if (name === "kafka") {
      test("nodes of one consumer group share the messages: each goes to one of them", async () => {
        const { url } = await programs.serverOf(name);
        const options = { url, topic: "shared-group", consumerGroup: "everybody" };
        await using first = await Member.join(broker, { ...options, node: "node-0" });
        await using second = await Member.join(broker, { ...options, node: "node-1" });
        const sent = numbered(200, "message");
        // One by one: a fetch that is on its way when the group divides the partitions anew still brings all of them.
        for (const text of sent) await first.publish(text);
        const all = (): Set<string> => new Set([...first.texts, ...second.texts]);
        await until(() => all().size >= sent.length);
        assert.deepEqual(all(), new Set(sent));
        for (const { messages } of [first, second]) {
          assert.ok(messages.length > 0 && messages.length < sent.length, `one of them got ${messages.length}`);
        }
        assert.equal(first.connection.position, undefined);
      });
    }
  });
}

describe("the suite", () => {
  const right = brokerNamed("memory");
  for (const [fault, broker] of wrongBrokers(right)) {
    test(`refuses a broker that ${fault}`, async () => {
      const program = await startMemoryHub();
      try {
        const subject: BrokerUnderTest = {
          broker,
          program,
          foreign: foreignClientOf(right),
          patienceMs: wrongPatienceMs,
        };
        const results = await checkBroker(subject);
        assert.equal(results.at(-1)?.outcome, "failed", JSON.stringify(results));
        assert.match(results.at(-1)?.reason ?? "", /\S/);
      } finally {
        await program.stop();
      }
    });
  }
});
