import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, watch } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats } from "@nats-io/transport-node";
import { Consumer, Producer, stringDeserializers, stringSerializers } from "@platformatic/kafka";
import { createClient } from "@redis/client";
import { requireComponent } from "../../bench/testing.ts";
import { componentNamed, requireProgram } from "./components.ts";
import { startComponent } from "./programs.ts";
import { startRedis } from "./redis.ts";

/** Temporary folders of these tests only. */
const temporary = mkdtempSync(join(tmpdir(), "wirebench-programs-"));
process.env.TMPDIR = temporary;
for (const variable of ["REDIS_URL", "NATS_URL", "KAFKA_BROKERS"]) delete process.env[variable];
process.on("exit", () => rmSync(temporary, { recursive: true, force: true }));

interface Storage {
  readonly component: string;
  /** Stores `kept`, acknowledged by the program. */
  readonly write: (url: string) => Promise<void>;
  readonly read: (url: string) => Promise<string | undefined>;
}

const storages: readonly Storage[] = [
  {
    component: "redis",
    write: (url) => withRedis(url, async (client) => void (await client.xAdd("stream", "*", { text: "kept" }))),
    read: (url) => withRedis(url, async (client) => (await client.xRange("stream", "-", "+"))?.[0]?.message.text),
  },
  {
    component: "nats",
    async write(url) {
      const connection = await connectNats({ servers: url });
      await (await jetstreamManager(connection)).streams.add({ name: "stream", subjects: ["stream"] });
      await jetstream(connection).publish("stream", "kept");
      await connection.close();
    },
    async read(url) {
      const connection = await connectNats({ servers: url });
      const message = await (await jetstreamManager(connection)).streams.getMessage("stream", { seq: 1 });
      await connection.close();
      return message?.string();
    },
  },
  {
    component: "kafka",
    async write(url) {
      const producer = new Producer({ ...kafkaClient(url), serializers: stringSerializers, autocreateTopics: true });
      await producer.send({ messages: [{ topic: "topic", value: "kept" }], acks: -1 });
      await producer.close();
    },
    async read(url) {
      const consumer = new Consumer({ ...kafkaClient(url), groupId: "group", deserializers: stringDeserializers });
      const messages = await consumer.consume({ topics: ["topic"], mode: "earliest", maxWaitTime: 50 });
      const [message] = (await once(messages, "data")) as [{ value: string }];
      await consumer.close(true);
      return message.value;
    },
  },
];

const kafkaClient = (url: string) => ({ clientId: "test", bootstrapBrokers: [new URL(url).host] });

async function withRedis<T>(
  url: string,
  use: (client: ReturnType<typeof createRedisClient>) => Promise<T>,
): Promise<T> {
  const client = createRedisClient(url);
  await client.connect();
  try {
    return await use(client);
  } finally {
    client.destroy();
  }
}

function createRedisClient(url: string) {
  const client = createClient({ url });
  client.on("error", () => {});
  return client;
}

async function start(t: TestContext, name: string) {
  const program = await startComponent(name);
  t.after(() => program.stop());
  return program;
}

for (const { component, write, read } of storages) {
  test(`${component} keeps what it acknowledged over a kill, and leaves nothing behind`, async (t) => {
    if (!requireComponent(t, component)) return;
    const program = await start(t, component);
    const { url } = program;
    await write(url);
    await program.kill();
    await assert.rejects(opened(url), { code: "ECONNREFUSED" });
    await program.restart();
    assert.equal(program.url, url);
    assert.equal(await read(url), "kept");
    assert.equal(readdirSync(temporary).length, 1);
    await program.stop();
    await assert.rejects(opened(url), { code: "ECONNREFUSED" });
    assert.deepEqual(readdirSync(temporary), []);
  });
}

for (const [name, portTaken] of [
  ["redis", /Address already in use/],
  ["nats", /address already in use/],
] as const) {
  test(`${name} on a port that is taken says so`, async (t) => {
    if (!requireComponent(t, name)) return;
    const server = createServer((socket) => socket.on("error", () => {}).end("+PONG\r\n"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const { port } = server.address() as { port: number };
    const { startNats } = await import("./nats.ts");
    const executable = requireProgram(componentNamed(name));
    const options = { executable, folder: mkdtempSync(join(temporary, "taken-")), temporary: true, port };
    await assert.rejects(name === "redis" ? startRedis(options) : startNats(options), {
      code: "component-failed",
      message: portTaken,
    });
    assert.deepEqual(readdirSync(temporary), []);
  });
}

test("kafka run by something that is no Java is reported with what that said", async (t) => {
  if (!requireComponent(t, "kafka")) return;
  const { startKafka } = await import("./kafka.ts");
  const folder = mkdtempSync(join(temporary, "kafka-"));
  await assert.rejects(startKafka({ executable: "/bin/cat", classPath: "none", folder, temporary: true }), {
    code: "component-failed",
    message: /^kafka could not prepare its folder: it ended with exit code 1: .*cat: /,
  });
  assert.deepEqual(readdirSync(temporary), []);
});

test("redis and its folder are gone when its driver is killed", { timeout: 60_000 }, async (t) => {
  if (!requireComponent(t, "redis")) return;
  const module = JSON.stringify(pathToFileURL(join(import.meta.dirname, "programs.ts")).href);
  const source = `import { startComponent } from ${module}; console.log((await startComponent("redis")).url);`;
  const driver = spawn(process.execPath, ["--input-type=module-typescript", "--eval", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => driver.kill("SIGKILL"));
  const [said] = (await once(driver.stdout!, "data")) as [Buffer];
  const connection = await opened(said.toString().trim());
  const emptied = new Promise<void>((resolve) => {
    const watcher = watch(temporary, () => {
      if (readdirSync(temporary).length > 0) return;
      watcher.close();
      resolve();
    });
  });
  assert.equal(readdirSync(temporary).length, 1);
  const cut = once(connection, "close");
  connection.resume();
  driver.kill("SIGKILL");
  await cut;
  await emptied;
});

test("a start that is aborted leaves nothing behind", async (t) => {
  if (!requireComponent(t, "redis")) return;
  await assert.rejects(startComponent("redis", { signal: AbortSignal.abort() }), { code: "aborted" });
  assert.deepEqual(readdirSync(temporary), []);
});

test("a component the environment gives the address of is used, and is not ours to kill", async (t) => {
  process.env.KAFKA_BROKERS = "one:9092,two:9092";
  t.after(() => delete process.env.KAFKA_BROKERS);
  const program = await startComponent("kafka");
  assert.equal(program.url, "kafka://one:9092,two:9092");
  assert.equal(program.pid, undefined);
  const refusal = { code: "component-failed", message: "the kafka of KAFKA_BROKERS is not ours to kill" };
  await assert.rejects(program.kill(), refusal);
  await assert.rejects(program.restart(), refusal);
  assert.throws(() => program.freeze(), refusal);
  await program.stop();
});

/** An open TCP connection to where a URL points. */
async function opened(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  return socket;
}
