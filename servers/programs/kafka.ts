/** A private Kafka: one process that is broker and controller (KRaft). kafka.apache.org/documentation/#configuration */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import type { FsyncPolicy } from "../../protocol/durability.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { BoundProcess } from "./bound-process.ts";
import { freePort } from "./free-ports.ts";
import { fsyncSetting } from "./fsync.ts";
import { java, maven } from "./java.ts";
import { fillKafkaCache, findKafkaLibraries, kafkaReleaseVersion, kafkaVersion } from "./kafka-release.ts";
import { type ProgramPlace, type ProgramRecipe, startPrivately } from "./private-program.ts";
import { type Program, requireProgram } from "./program.ts";
import type { Door } from "./running-program.ts";

const nodeId = 1;

/** So many nodes can have a relay each. A listener that nobody uses costs a thread that sleeps. */
const doorsMax = 3;

async function openDoors(): Promise<Door[]> {
  const doors: Door[] = [];
  while (doors.length < doorsMax) doors.push({ port: await freePort(), behind: await freePort() });
  return doors;
}

/** A client goes on at the address that the listener it came by advertises: for a relay that is the relay's. */
function listenerSettings(
  port: number,
  controllerPort: number,
  doors: readonly Door[],
): Record<string, string | number> {
  const named = doors.map((door, index) => ({ ...door, name: `DOOR${index + 1}` }));
  const clients = [{ name: "PLAINTEXT", port, behind: port }, ...named];
  const controller = "CONTROLLER";
  return {
    "controller.listener.names": controller,
    listeners: [
      ...clients.map(({ name, behind }) => `${name}://127.0.0.1:${behind}`),
      `${controller}://127.0.0.1:${controllerPort}`,
    ].join(","),
    "advertised.listeners": clients.map((each) => `${each.name}://127.0.0.1:${each.port}`).join(","),
    "listener.security.protocol.map": [...clients.map(({ name }) => name), controller]
      .map((name) => `${name}:PLAINTEXT`)
      .join(","),
    "num.network.threads": 2,
    ...Object.fromEntries(named.map(({ name }) => [`listener.name.${name.toLowerCase()}.num.network.threads`, 1])),
  };
}

/** Unset, Kafka leaves it to the kernel when a log is synced. */
const fsyncs: Partial<Record<FsyncPolicy, Readonly<Record<string, number>>>> = {
  "by the kernel": {},
  "before acknowledging": { "log.flush.interval.messages": 1 },
};

/** Of its logs, on disk and in memory. */
export const kafkaBounds = {
  "log.cleaner.dedupe.buffer.size": 4 * 1024 * 1024,
  "log.segment.bytes": 64 * 1024 * 1024,
  "log.retention.bytes": 512 * 1024 * 1024,
};

/** Kafka's file of settings. */
export const properties = (entries: Readonly<Record<string, string | number>>): string =>
  Object.entries(entries)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");

/** Everything there is one of; what follows from that; and bounds. The rest is Kafka's default. */
const settings = (
  place: ProgramPlace,
  controllerPort: number,
  doors: readonly Door[],
): Record<string, string | number> => ({
  "process.roles": "broker,controller",
  "node.id": nodeId,
  "controller.quorum.voters": `${nodeId}@127.0.0.1:${controllerPort}`,
  ...listenerSettings(place.port, controllerPort, doors),
  "log.dirs": join(place.folder, "data"),
  "offsets.topic.num.partitions": 1,
  "offsets.topic.replication.factor": 1,
  "transaction.state.log.num.partitions": 1,
  "transaction.state.log.replication.factor": 1,
  "transaction.state.log.min.isr": 1,
  "share.coordinator.state.topic.num.partitions": 1,
  "share.coordinator.state.topic.replication.factor": 1,
  "share.coordinator.state.topic.min.isr": 1,
  "group.initial.rebalance.delay.ms": 0,
  // A restarted broker is let in again only when its former self is thought dead: by default after 9 s.
  "broker.heartbeat.interval.ms": 500,
  "broker.session.timeout.ms": 2000,
  "num.io.threads": 4,
  ...kafkaBounds,
});

/** Of whatever runs Kafka's jars. */
export const sharedFlags = [
  "-Xshare:auto",
  "-Djava.awt.headless=true",
  // Errors only, whichever of the two a release logs with.
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
  "-Dlog4j2.level=ERROR",
];

/** As Kafka's own start scripts run a broker: both compilers, the G1 collector with short pauses, 1 GiB of heap. */
const brokerFlags = [
  "-server",
  "-Xms1g",
  "-Xmx1g",
  "-XX:+UseG1GC",
  "-XX:MaxGCPauseMillis=20",
  "-XX:InitiatingHeapOccupancyPercent=35",
  "-XX:+ExplicitGCInvokesConcurrent",
  "-XX:MaxInlineLevel=15",
  ...sharedFlags,
];

/** Of a tool that is gone in a second. */
const toolFlags = ["-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", ...sharedFlags];

export const propertiesFile = ({ folder }: Pick<ProgramPlace, "folder">): string => join(folder, "server.properties");

const scheme = "kafka";

/** `classPath` is Java's: all jars of a release. */
function recipeFor(classPath: string, fsync: FsyncPolicy): ProgramRecipe {
  const clusterId = randomClusterId();
  let doors: readonly Door[] = [];
  return {
    name: "kafka",
    scheme,
    doors: () => doors,
    async prepare(place) {
      doors = await openDoors();
      const all = { ...settings(place, await freePort(), doors), ...fsyncSetting("kafka", fsyncs, fsync) };
      await writeFile(propertiesFile(place), properties(all));
      await format(place, classPath, clusterId);
    },
    arguments: (place) => [...brokerFlags, "-cp", classPath, "kafka.Kafka", propertiesFile(place)],
    answers: (place) => answers(place, clusterId),
    portTaken: /Address already in use/,
    startMsMax: 180_000,
    stopMsMax: 5000,
  };
}

/** Told by the broker, so that an answer can only be this one's. Kafka's format: 16 bytes as unpadded base64url. */
export const randomClusterId = (): string => randomBytes(16).toString("base64url").replace(/^-/, "A");

/** Prepares every folder of `log.dirs` for the node of the properties file. */
export async function format(place: Omit<ProgramPlace, "port">, classPath: string, clusterId: string): Promise<void> {
  const tool = [
    "kafka.tools.StorageTool",
    "format",
    "--ignore-formatted",
    "-t",
    clusterId,
    "-c",
    propertiesFile(place),
  ];
  const formatting = new BoundProcess({
    executable: place.executable,
    arguments: [...toolFlags, "-cp", classPath, ...tool],
    folder: place.folder,
    watchdog: place.watchdog,
  });
  const abort = (): void => formatting.signal("SIGKILL");
  place.signal.addEventListener("abort", abort);
  const sentence = await formatting.exited;
  place.signal.removeEventListener("abort", abort);
  if (sentence === "ended with exit code 0" || place.signal.aborted) return;
  throw new WirebenchError(
    "component-failed",
    `kafka could not prepare its folder: it ${sentence}: ${formatting.log.trim()}`,
  );
}

/** The broker names itself in its metadata when it serves. */
export async function answers(
  { port, signal }: Pick<ProgramPlace, "port" | "signal">,
  clusterId: string,
  nodes: readonly number[] = [nodeId],
): Promise<void> {
  // Before it listens, which is most of its start, the client would take the cores that it starts on.
  const socket = connect({ host: "127.0.0.1", port, signal });
  await once(socket, "connect").finally(() => socket.destroy());
  // Loaded only now: every command knows the programs, and few start this one.
  const { Admin } = await import("@platformatic/kafka");
  const admin = new Admin({
    clientId: "wirebench-start",
    bootstrapBrokers: [`127.0.0.1:${port}`],
    retries: 0,
    connectTimeout: 1000,
    requestTimeout: 1000,
  });
  const close = (): void => void admin.close().catch(() => {});
  signal.addEventListener("abort", close);
  try {
    const { id, brokers } = await admin.metadata({ topics: [], forceUpdate: true });
    if (id !== clusterId || !nodes.every((node) => brokers.has(node))) throw new Error("another broker, or not yet");
  } finally {
    signal.removeEventListener("abort", close);
    await admin.close().catch(() => {});
  }
}

/** Jars of the release wirebench is tested with, into the user's cache. */
function resolveWithMaven(run: (command: readonly string[]) => void): void {
  const pom = join(import.meta.dirname, "kafka/pom.xml");
  fillKafkaCache((folder) =>
    run([
      requireProgram(maven),
      ...["--batch-mode", "--quiet", "--file", pom, `-Dkafka.version=${kafkaVersion}`],
      ...["dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${folder}`],
    ]),
  );
}

/** Where it is found is its folder of jars. */
export const kafka = {
  name: "kafka",
  role: "broker",
  used: true,
  find: (path) => findKafkaLibraries(process.env, path),
  version: kafkaReleaseVersion,
  needs: [java],
  install: {
    how: "npm run setup (Java and Maven), or a Kafka 4 release at KAFKA_HOME and Java 17",
    fetch: { title: `Kafka ${kafkaVersion} with Maven`, tools: [maven], by: resolveWithMaven },
  },
  address: { variable: "KAFKA_BROKERS", scheme },
  relays: "by-doors",
  start: async (libraries, { fsync = "by the kernel", ...options }) =>
    startPrivately(recipeFor(join(libraries, "*"), fsync), { ...options, executable: requireProgram(java) }),
} satisfies Program;
