import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, watch, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats } from "@nats-io/transport-node";
import { Consumer, Producer, stringDeserializers, stringSerializers } from "@platformatic/kafka";
import { createClient } from "@redis/client";
import { hasProgram } from "../../bench/testing.ts";
import { ejabberd } from "./ejabberd.ts";
import { java } from "./java.ts";
import { kafka } from "./kafka.ts";
import { nats } from "./nats.ts";
import { startPrivately } from "./private-program.ts";
import {
  findProgram,
  howToInstall,
  inspectProgram,
  type Program,
  programVersion,
  requireProgram,
  startProgram,
} from "./program.ts";
import { ensembles, programNamed, programs } from "./programs.ts";
import { prosody } from "./prosody.ts";
import { redis } from "./redis.ts";
import { planSetup, programsToSetUp } from "./setup-plan.ts";

/** Temporary folders of these tests only. */
const temporary = mkdtempSync(join(tmpdir(), "wirebench-programs-"));
process.env.TMPDIR = temporary;
for (const variable of ["REDIS_URL", "NATS_URL", "KAFKA_BROKERS"]) delete process.env[variable];
process.on("exit", () => rmSync(temporary, { recursive: true, force: true }));

interface Storage {
  readonly program: Program;
  /** Stores `kept`, acknowledged by the program. */
  readonly write: (url: string) => Promise<void>;
  readonly read: (url: string) => Promise<string | undefined>;
}

const storages: readonly Storage[] = [
  {
    program: redis,
    write: (url) => withRedis(url, async (client) => void (await client.xAdd("stream", "*", { text: "kept" }))),
    read: (url) => withRedis(url, async (client) => (await client.xRange("stream", "-", "+"))?.[0]?.message.text),
  },
  {
    program: nats,
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
    program: kafka,
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

async function start(t: TestContext, program: Program) {
  const running = await startProgram(program);
  t.after(() => running.stop());
  return running;
}

for (const { program, write, read } of storages) {
  test(`${program.name} keeps what it acknowledged over a kill, and leaves nothing behind`, async (t) => {
    if (!hasProgram(t, program.name)) return;
    const running = await start(t, program);
    const { url } = running;
    await write(url);
    await running.kill();
    await assert.rejects(opened(url), { code: "ECONNREFUSED" });
    await running.restart();
    assert.equal(running.url, url);
    assert.equal(await read(url), "kept");
    assert.equal(readdirSync(temporary).length, 1);
    await running.stop();
    await assert.rejects(opened(url), { code: "ECONNREFUSED" });
    assert.deepEqual(readdirSync(temporary), []);
  });
}

for (const program of [redis, nats]) {
  test(`${program.name} on a port that is taken says so`, async (t) => {
    if (!hasProgram(t, program.name)) return;
    const server = createServer((socket) => socket.on("error", () => {}).end("+PONG\r\n"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const { port } = server.address() as { port: number };
    const options = { folder: mkdtempSync(join(temporary, "taken-")), temporary: true, port };
    await assert.rejects(program.start(requireProgram(program), options), {
      code: "component-failed",
      message: /[Aa]ddress already in use/,
    });
    assert.deepEqual(readdirSync(temporary), []);
  });
}

test("kafka run by something that is no Java is reported with what that said", async (t) => {
  if (!hasProgram(t, "kafka")) return;
  const { JAVA_HOME } = process.env;
  t.after(() => {
    if (JAVA_HOME === undefined) delete process.env.JAVA_HOME;
    else process.env.JAVA_HOME = JAVA_HOME;
  });
  process.env.JAVA_HOME = scriptFolder(t, "bin/java", `[ $1 != -version ] && exec cat "$@"; echo 'version "17"'`);
  const folder = mkdtempSync(join(temporary, "kafka-"));
  await assert.rejects(kafka.start("none", { folder, temporary: true }), {
    code: "component-failed",
    message: /^kafka could not prepare its folder: it ended with exit code 1: .*cat: /,
  });
  assert.deepEqual(readdirSync(temporary), []);
});

test("redis and its folder are gone when its driver is killed", { timeout: 60_000 }, async (t) => {
  if (!hasProgram(t, "redis")) return;
  const urlOf = (file: string): string => JSON.stringify(pathToFileURL(join(import.meta.dirname, file)).href);
  const source = `import { startProgram } from ${urlOf("program.ts")}; import { redis } from ${urlOf("redis.ts")};
    console.log((await startProgram(redis)).url);`;
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
  // Reset, where Redis had not come to accept it.
  const cut = new Promise((resolve) => connection.once("error", () => {}).once("close", resolve));
  connection.resume();
  driver.kill("SIGKILL");
  await cut;
  await emptied;
});

test("a start that is aborted leaves nothing behind", async (t) => {
  if (!hasProgram(t, "redis")) return;
  await assert.rejects(startProgram(redis, { signal: AbortSignal.abort() }), { code: "aborted" });
  assert.deepEqual(readdirSync(temporary), []);
});

test("a program the environment gives the address of is used, and is not ours to kill", async (t) => {
  process.env.KAFKA_BROKERS = "one:9092,two:9092";
  t.after(() => delete process.env.KAFKA_BROKERS);
  const program = await startProgram(kafka);
  assert.equal(program.url, "kafka://one:9092,two:9092");
  assert.equal(program.pid, undefined);
  const refusal = { code: "component-missing", message: "the kafka of KAFKA_BROKERS is not ours to kill" };
  await assert.rejects(program.kill(), refusal);
  await assert.rejects(program.restart(), refusal);
  assert.throws(() => program.freeze(), refusal);
  await program.stop();
});

test("every program has a record that is complete", () => {
  const all = [...programs, ...ensembles];
  assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
  for (const program of all) {
    assert.equal(programNamed(program.name), program);
    assert.notEqual(program.role, "");
    assert.doesNotMatch(howToInstall(program), /^$|install $/);
    const { apt, fetch } = program.install;
    assert.ok(!program.used || apt !== undefined || fetch !== undefined, `the setup can bring ${program.name}`);
    const found = findProgram(program);
    if (found !== undefined) assert.match(programVersion(program, found), /^\d+\.\d/, program.name);
  }
  assert.throws(() => programNamed("teapot"), { message: "no program is called teapot" });
});

test("the XMPP servers tell their version without being started", (t) => {
  const home = scriptFolder(t, "prosody", "exit 1");
  appendFileSync(join(home, "prosody"), `CFG_SOURCEDIR='${home}';\nCFG_CONFIGDIR='/nowhere';\n`);
  assert.equal(programVersion(prosody, join(home, "prosody")), "version unknown");
  writeFileSync(join(home, "prosody.version"), "0.12.3\n");
  assert.equal(programVersion(prosody, join(home, "prosody")), "0.12.3");

  const libraries = scriptFolder(t, "ejabberdctl", "exit 1");
  appendFileSync(join(libraries, "ejabberdctl"), `ERL_LIBS='${libraries}'\n`);
  assert.equal(programVersion(ejabberd, join(libraries, "ejabberdctl")), "version unknown");
  for (const name of ["ejabberd-23.01-1", "p1_utils-1.0.25"]) mkdirSync(join(libraries, name));
  assert.equal(programVersion(ejabberd, join(libraries, "ejabberdctl")), "23.01");
});

test("a program takes no more than its record to be found, listed, started and set up", async (t) => {
  const teapot: Program = {
    name: "teapot",
    role: "server of tea",
    used: true,
    find: ["teapotd"],
    version: ["--version"],
    install: { apt: ["teapot-server"], brew: ["teapot"] },
    needs: [java],
    address: { variable: "TEAPOT_URL", scheme: "tea" },
    start: (executable, options) =>
      startPrivately(
        {
          name: "teapotd",
          scheme: "tea",
          arguments: ({ port }) => [String(port)],
          answers: async ({ port }) => void (await opened(`tea://127.0.0.1:${port}`)).destroy(),
          portTaken: /EADDRINUSE/,
          startMsMax: 20_000,
          stopMsMax: 1000,
        },
        { ...options, executable },
      ),
  };
  const missing = { name: "teapot", role: "server of tea", install: "apt-get install teapot-server" };
  assert.deepEqual(inspectProgram(teapot), missing);
  const toSetUp = programsToSetUp([teapot, { ...teapot, name: "kettle", used: false }]);
  assert.deepEqual(toSetUp, [java, teapot]);
  assert.deepEqual(planSetup({ missing: toSetUp, packageManager: "brew", root: "no" }), [
    { do: "tell", text: "brew install openjdk@17 teapot" },
  ]);

  const server = `require("net").createServer().listen(process.argv[1], "127.0.0.1")`;
  const body = `[ "$1" = --version ] && echo teapot 4.18 || exec ${process.execPath} -e '${server}' "$1"`;
  const folder = scriptFolder(t, "teapotd", body);
  writeFileSync(join(folder, "java"), `#!/bin/sh\necho 'version "17"'\n`, { mode: 0o755 });
  const { PATH } = process.env;
  t.after(() => {
    process.env.PATH = PATH;
  });
  process.env.PATH = `${folder}:${PATH}`;
  assert.deepEqual(inspectProgram(teapot), {
    name: "teapot",
    role: "server of tea",
    path: join(folder, "teapotd"),
    version: "4.18",
  });
  const running = await start(t, teapot);
  assert.match(running.url, /^tea:\/\/127\.0\.0\.1:\d+$/);
  await running.stop();
  assert.deepEqual(readdirSync(temporary), []);
});

/** A folder of its own, outside the temporary one that is watched, with a shell script in it. */
function scriptFolder(t: TestContext, name: string, body: string): string {
  const folder = mkdtempSync(`${temporary}-script-`);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return folder;
}

/** An open TCP connection to where a URL points. */
async function opened(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  return socket;
}
