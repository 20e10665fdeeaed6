/** That the server of each configuration runs as its broker's traits promise, and keeps what that promises. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { connect as connectNats } from "@nats-io/transport-node";
import { Admin, ConfigResourceTypes } from "@platformatic/kafka";
import { createClient } from "@redis/client";
import { type FsyncPolicy, lossesOf } from "../../../protocol/durability.ts";
import { WirebenchError } from "../../../protocol/errors.ts";
import { isPlain } from "../../../servers/cluster/broker/configurations.ts";
import { brokers } from "../../../servers/cluster/brokers/brokers.ts";
import { ProgramPool } from "../../rigs/program-pool.ts";
import { hasProgram } from "../../testing.ts";
import { cases } from "./cases.ts";
import { failureCases } from "./failure-cases.ts";
import { foreignClientOf } from "./foreign.ts";
import { runCase } from "./suite.ts";

const programs = new ProgramPool();
after(() => programs[Symbol.asyncDispose]());

/** Whether the running server says of itself, in its own words, that it syncs its files so. */
const syncs: Readonly<Record<string, (url: string, policy: FsyncPolicy) => Promise<boolean>>> = {
  async redis(url, policy) {
    const client = await createClient({ url })
      .on("error", () => {})
      .connect();
    try {
      const { appendonly, appendfsync } = await client.configGet("append*");
      if (appendonly === "no") return policy === "never";
      return { no: "by the kernel", everysec: "every second", always: "before acknowledging" }[appendfsync!] === policy;
    } finally {
      client.destroy();
    }
  },
  async nats(url, policy) {
    const connection = await connectNats({ servers: new URL(url).host });
    try {
      // It tells nobody how often it syncs, but does not start with a setting that it does not know.
      return (connection.info?.jetstream === true) === (policy !== "never");
    } finally {
      await connection.close();
    }
  },
  async kafka(url, policy) {
    const admin = new Admin({ clientId: "asking", bootstrapBrokers: [new URL(url).host] });
    try {
      const name = "log.flush.interval.messages";
      const [broker] = await admin.describeConfigs({
        resources: [{ resourceType: ConfigResourceTypes.BROKER, resourceName: "1", configurationKeys: [name] }],
      });
      const every = broker!.configs.find((config) => config.name === name)!.value;
      return (every === "1") === (policy === "before acknowledging");
    } finally {
      await admin.close();
    }
  },
};

/** Of the whole suite, what depends on the server's configuration. */
const [everybody] = cases;
const acknowledged = failureCases.find(({ name }) => name.startsWith("delivers what was acknowledged"));

describe("configurations", { concurrency: true }, () => {
  for (const broker of brokers) {
    // Heavy to start, and what it is told is the absence of a setting.
    if (broker.traits.name === "kafka") continue;
    const { name, component, history, durability } = broker.traits;
    if (component === undefined || !(component in syncs)) continue;
    test(name, async (t) => {
      if (!hasProgram(t, component)) return;
      const program = await programs.serverOf(name).catch((error: unknown) => {
        // An older server may not have it: then it says so, and nothing is measured under that name.
        if (!isPlain(broker) && error instanceof WirebenchError && error.code === "component-missing") return error;
        throw error;
      });
      if (program instanceof WirebenchError) {
        assert.match(`${program.message}; ${program.hint}`, /^nats-server \S+ cannot sync .*; install NATS /);
        return;
      }
      assert.ok(await syncs[component]!(program.url, durability.fsync), `it does not sync ${durability.fsync}`);
      if (isPlain(broker)) return;
      const subject = { broker, program, foreign: foreignClientOf(broker) };
      await runCase(subject, everybody!, "configured-0");
      const { processKilled } = lossesOf({ history, durability });
      // What may lose a little, if the disk is busy, has nothing to assert.
      if (!/or the last/.test(processKilled)) await runCase(subject, acknowledged!, "configured-1");
    });
  }
});
