/** Three private Kafka nodes, each broker and controller (KRaft): kafka.apache.org/documentation/#kraft. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type EnsemblePlace, type EnsemblePlan, startEnsemble } from "./ensemble.ts";
import { freePorts } from "./free-ports.ts";
import { java } from "./java.ts";
import {
  answers,
  format,
  kafka,
  kafkaBounds,
  properties,
  propertiesFile,
  randomClusterId,
  sharedFlags,
} from "./kafka.ts";
import type { ProgramRecipe } from "./private-program.ts";
import { type Program, requireProgram } from "./program.ts";
import type { EnsembleMember } from "./running-program.ts";

const nodes = 3;

/** What the clocks of a failover follow from, in milliseconds. */
export const kafkaTimeouts = {
  /** A broker that says nothing for so long is fenced, and its partitions get other leaders. Kafka's default is 9 s. */
  "broker.session.timeout.ms": 2000,
  "broker.heartbeat.interval.ms": 500,
  /** A controller that hears nothing from the leading one for so long stands for election; with Kafka's defaults. */
  "controller.quorum.fetch.timeout.ms": 2000,
  "controller.quorum.election.timeout.ms": 1000,
} as const;

/** Of the quorum what makes it safe, bounds, and the time-outs above. The rest is Kafka's default. */
const common = (controllerPorts: readonly number[]): Record<string, string | number> => ({
  "process.roles": "broker,controller",
  "controller.quorum.voters": controllerPorts.map((port, index) => `${index + 1}@127.0.0.1:${port}`).join(","),
  "controller.listener.names": "CONTROLLER",
  "default.replication.factor": nodes,
  "min.insync.replicas": 2,
  "offsets.topic.num.partitions": 1,
  "offsets.topic.replication.factor": nodes,
  "group.initial.rebalance.delay.ms": 0,
  ...kafkaTimeouts,
  "num.network.threads": 1,
  "num.io.threads": 2,
  "num.replica.fetchers": 1,
  ...kafkaBounds,
});

/**
 * Three of them start and fail over on the cores and the memory that a single one has: the first compiler only, and the
 * collector without threads of its own. What is clocked here is time-outs, not how fast a broker runs.
 */
const nodeFlags = ["-Xms160m", "-Xmx160m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", ...sharedFlags];

const dataFolder = (folder: string, number: number): string => join(folder, String(number), "data");

/**
 * Formats the folders of all nodes in one process instead of one each, which takes a Java 1 s of two cores: it gives
 * every folder an id of its own and all of them the number of the first node, so that is set right afterwards.
 */
async function formatAll(
  place: EnsemblePlace,
  executable: string,
  classPath: string,
  clusterId: string,
  controllerPorts: readonly number[],
): Promise<void> {
  const numbers = Array.from({ length: nodes }, (_, index) => index + 1);
  const folders = numbers.map((number) => dataFolder(place.folder, number));
  await writeFile(
    propertiesFile(place),
    properties({
      ...common(controllerPorts),
      "node.id": 1,
      listeners: `PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:${controllerPorts[0]}`,
      "log.dirs": folders.join(","),
    }),
  );
  await format({ ...place, executable }, classPath, clusterId);
  for (const [index, folder] of folders.entries()) {
    const file = join(folder, "meta.properties");
    const formatted = await readFile(file, "utf8");
    await writeFile(file, formatted.replace(/^node\.id=1$/m, `node.id=${index + 1}`));
  }
}

function recipeFor(
  number: number,
  controllerPorts: readonly number[],
  classPath: string,
  clusterId: string,
): ProgramRecipe {
  return {
    name: `kafka ${number}`,
    scheme: "kafka",
    prepare: (place) =>
      writeFile(
        propertiesFile(place),
        properties({
          ...common(controllerPorts),
          "node.id": number,
          listeners: `PLAINTEXT://127.0.0.1:${place.port},CONTROLLER://127.0.0.1:${controllerPorts[number - 1]}`,
          "advertised.listeners": `PLAINTEXT://127.0.0.1:${place.port}`,
          "log.dirs": join(place.folder, "data"),
        }),
      ),
    arguments: (place) => [...nodeFlags, "-cp", classPath, "kafka.Kafka", propertiesFile(place)],
    answers: (place) => answers(place, clusterId, [number]),
    portTaken: /Address already in use/,
    startMsMax: 180_000,
    stopMsMax: 5000,
  };
}

interface Partition {
  readonly leader: number;
  readonly isr: readonly number[];
}

/** What a member knows of the one partition of a topic, and where the brokers are. */
async function partitionOf(topic: string, { url }: EnsembleMember, signal: AbortSignal) {
  const { Admin } = await import("@platformatic/kafka");
  const admin = new Admin({
    clientId: "wirebench-leader",
    bootstrapBrokers: [new URL(url).host],
    retries: 0,
    connectTimeout: 1000,
    requestTimeout: 1000,
    autocreateTopics: false,
  });
  const close = (): void => void admin.close().catch(() => {});
  signal.addEventListener("abort", close);
  try {
    const { topics, brokers } = await admin.metadata({ topics: [topic], forceUpdate: true });
    const partition: Partition | undefined = topics.get(topic)?.partitions[0];
    return { partition, brokers };
  } finally {
    signal.removeEventListener("abort", close);
    await admin.close().catch(() => {});
  }
}

async function planFor(classPath: string): Promise<EnsemblePlan> {
  const executable = requireProgram(java);
  const free = await freePorts(2 * nodes);
  const [ports, controllerPorts] = [free.slice(0, nodes), free.slice(nodes)];
  const clusterId = randomClusterId();
  return {
    name: `kafka, ${nodes} nodes`,
    url: `kafka://${ports.map((port) => `127.0.0.1:${port}`).join(",")}`,
    members: ports.map((port, index) => ({
      role: "broker and controller",
      executable,
      port,
      recipe: recipeFor(index + 1, controllerPorts, classPath, clusterId),
    })),
    prepare: (place) => formatAll(place, executable, classPath, clusterId, controllerPorts),
    asked: () => true,
    // Everybody knows everybody: with fewer a topic of three replicas cannot be made.
    settled: (signal) =>
      Promise.all(
        ports.map((port) =>
          answers(
            { port, signal },
            clusterId,
            ports.map((_, i) => i + 1),
          ),
        ),
      ),
    async leader(topic, asked, signal) {
      const { partition, brokers } = await partitionOf(topic, asked, signal);
      return partition && brokers.get(partition.leader)?.port;
    },
    async whole(topic, asked, signal) {
      const { partition } = await partitionOf(topic, asked, signal);
      if (partition?.isr.length !== nodes) throw new Error(`${partition?.isr.length} replicas are in sync`);
    },
    settleMsMax: 120_000,
  };
}

/** Acknowledged with `acks=all` is what at least two of the three have. */
export const kafkaCluster = {
  name: "kafka-cluster",
  role: "broker",
  relays: "never",
  used: true,
  find: kafka.find,
  version: kafka.version,
  needs: kafka.needs,
  install: kafka.install,
  start: (libraries, options) => startEnsemble(() => planFor(join(libraries, "*")), options),
} satisfies Program;
