/** Real servers that were there before a cluster, have something of their own, and are looked at again after it. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats } from "@nats-io/transport-node";
import { Admin } from "@platformatic/kafka";
import { createClient } from "@redis/client";
import { until } from "../../../protocol/testing.ts";
import { findProgram, startProgram } from "../../../servers/programs/program.ts";
import { programNamed } from "../../../servers/programs/programs.ts";
import type { RunningProgram } from "../../../servers/programs/running-program.ts";
import { RunningCli, temporaryFolder } from "../../running-cli.ts";
import { parseTarget } from "../../targets/target.ts";
import { hasProgram } from "../../testing.ts";
import { ProgramPool } from "../program-pool.ts";
import { ClusterRig } from "./cluster-rig.ts";
import type { Setup } from "./cluster-setup.ts";
import { topicOfCluster } from "./left-as-found.ts";
import { smallSetup } from "./testing.ts";

const timeout = 600_000;
const variables = { redis: "REDIS_URL", nats: "NATS_URL", kafka: "KAFKA_BROKERS" } as const;
type Name = keyof typeof variables;

const servers = new Map<Name, RunningProgram>();
const programs = new ProgramPool();

before(async () => {
  const names = (Object.keys(variables) as Name[]).filter((name) => findProgram(programNamed(name)) !== undefined);
  for (const name of names) delete process.env[variables[name]];
  await Promise.all(names.map(async (name) => servers.set(name, await startProgram(programNamed(name)))));
  for (const [name, { url }] of servers) process.env[variables[name]] = url;
});
after(async () => {
  await programs[Symbol.asyncDispose]();
  await Promise.all([...servers.values()].map((server) => server.stop()));
});

/** Everything a server keeps, by name, after something of its own was put there. */
const contents: Readonly<Record<Name, (url: string) => Promise<string[]>>> = {
  async redis(url) {
    const client = await createClient({ url })
      .on("error", () => {})
      .connect();
    try {
      await client.set("wirebench-somebody-else", "kept");
      await client.xAdd("a-stream", "1-1", { text: "kept" }).catch(() => {});
      return (await client.keys("*")).sort();
    } finally {
      client.destroy();
    }
  },
  async nats(url) {
    const connection = await connectNats({ servers: new URL(url).host });
    try {
      const { streams } = await jetstreamManager(connection);
      await streams.add({ name: "wirebench-somebody-else", subjects: ["somebody.else"] });
      const names: string[] = [];
      for await (const { config, state } of streams.list()) names.push(`${config.name} ${state.consumer_count}`);
      return names.sort();
    } finally {
      await connection.close();
    }
  },
  async kafka(url) {
    const admin = new Admin({ clientId: "looking", bootstrapBrokers: [new URL(url).host] });
    try {
      await admin.createTopics({ topics: ["wirebench-somebody-else"] }).catch(() => {});
      return [...(await admin.listTopics()), ...(await admin.listGroups()).keys()].sort();
    } finally {
      await admin.close();
    }
  },
};

const open = (own: Partial<Setup>) =>
  ClusterRig.open(
    {
      target: { ...parseTarget("websocket"), system: { kind: "cluster" } },
      variant: "left as found",
      setup: { ...smallSetup, ...own },
      settings: { recoveryMsMax: 10_000 },
    },
    { seed: 1, trial: 1, signal: new AbortController().signal, programs },
  );

const arms: readonly { name: Name; own: Partial<Setup> }[] = [
  { name: "redis", own: { broker: "redis-streams", state: "outside" } },
  { name: "nats", own: { broker: "jetstream" } },
  // With a group besides the topic.
  { name: "kafka", own: { broker: "kafka", sharedConsumerGroup: true } },
];

for (const { name, own } of arms) {
  test(`a cluster that fails leaves ${name} as it found it: ${own.broker}`, { timeout }, async (t) => {
    if (!hasProgram(t, "haproxy") || !hasProgram(t, name)) return;
    const { url } = servers.get(name)!;
    const found = await contents[name](url);
    const failing = async () => {
      await using rig = await open(own);
      const load = { kind: "open", startNs: rig.nextWindowNs(50), durationMs: 100, ratePerSecond: 50 } as const;
      await rig.users.run(load);
      await rig.users.collect(5000);
      assert.notDeepEqual(await contents[name](url), found, "it left nothing that could be removed");
      throw new Error("the cell fails");
    };
    await assert.rejects(failing(), { message: "the cell fails" });
    // Kafka deletes when it has answered.
    await until(async () => (await contents[name](url)).join() === found.join());
  });
}

test("Ctrl-C leaves them as they were found, too", { timeout }, async (t) => {
  if (!hasProgram(t, "haproxy") || !hasProgram(t, "redis")) return;
  const { url } = servers.get("redis")!;
  const found = await contents.redis(url);
  using folder = temporaryFolder();
  const args = ["--experiment", "broadcast", "--broker", "redis-streams", "-d", "60s", "--out", folder.path];
  const cli = new RunningCli(["cluster", ...args]);
  t.after(() => cli.process.kill("SIGKILL"));
  await until(async () => (await contents.redis(url)).length > found.length, timeout);
  cli.process.kill("SIGINT");
  assert.equal(await cli.exitCode(), 130);
  assert.deepEqual(await contents.redis(url), found);
});

test("no two clusters have a topic in common, nor the beginning of one", () => {
  const topics = Array.from({ length: 12 }, topicOfCluster);
  for (const topic of topics) {
    assert.match(topic, /^[a-z0-9-]{1,40}$/);
    assert.deepEqual(
      topics.filter((other) => other.startsWith(topic)),
      [topic],
      "what is removed with one would take from another",
    );
  }
});
