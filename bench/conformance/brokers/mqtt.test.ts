/** That each configuration of MQTT publishes with the quality of service it is named after, and does what every broker must. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { connectAsync, type IPublishPacket } from "mqtt";
import { until } from "../../../protocol/testing.ts";
import { mqttBrokers } from "../../../servers/cluster/brokers/mqtt.ts";
import { ProgramPool } from "../../rigs/program-pool.ts";
import { hasProgram } from "../../testing.ts";
import { cases } from "./cases.ts";
import { foreignClientOf } from "./foreign.ts";
import { runCase } from "./suite.ts";

const programs = new ProgramPool();
after(() => programs[Symbol.asyncDispose]());

const [everybody] = cases;
const expected: Readonly<Record<string, number>> = { mqtt: 1, "mqtt+qos0": 0 };

describe("MQTT", { timeout: 120_000 }, () => {
  for (const broker of mqttBrokers) {
    const { name } = broker.traits;
    test(`${name} publishes with quality of service ${expected[name]}, and every node has it all`, async (t) => {
      if (!hasProgram(t, broker.traits.component!)) return;
      const program = await programs.serverOf(name);
      const observer = await connectAsync(program.url, { protocolVersion: 5 });
      const seen = new Set<number>();
      try {
        // Handed on with what it was published with, if that is less than what was subscribed with.
        observer.on("message", (_topic: string, _payload: Buffer, packet: IPublishPacket) => seen.add(packet.qos));
        await observer.subscribeAsync("#", { qos: 2 });
        await runCase({ broker, program, foreign: foreignClientOf(broker) }, everybody!, "quality");
        await until(() => seen.size > 0);
      } finally {
        await observer.endAsync(true);
      }
      assert.deepEqual([...seen], [expected[name]]);
    });
  }
});
