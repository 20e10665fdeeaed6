/** Three private NATS servers that are one cluster: docs.nats.io/running-a-nats-service/configuration/clustering. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { converse } from "./conversation.ts";
import { type EnsemblePlan, portOf, startEnsemble } from "./ensemble.ts";
import { freePorts } from "./free-ports.ts";
import { nats } from "./nats.ts";
import type { ProgramPlace, ProgramRecipe } from "./private-program.ts";
import type { Program } from "./program.ts";

const servers = 3;

/** What the clocks of a failover follow from, in milliseconds: constants of the server (server/raft.go, v2.9 to v2.12). */
export const natsRaftTimeouts = { minElectionTimeout: 4000, maxElectionTimeout: 9000, hbInterval: 1000 } as const;

/** Told in a server's first line and by JetStream as the leader's name. */
const serverName = (port: number): string => `wirebench-${process.pid}-${port}`;

const configuration = ({ port, folder }: ProgramPlace, routePort: number, routes: readonly number[]): string => `
listen: "127.0.0.1:${port}"
server_name: "${serverName(port)}"
jetstream {
  store_dir: ${JSON.stringify(join(folder, "jetstream"))}
  max_memory_store: 64MB
  max_file_store: 1GB
}
cluster {
  name: "wirebench-${process.pid}"
  listen: "127.0.0.1:${routePort}"
  routes: [${routes.map((other) => `"nats://127.0.0.1:${other}"`).join(", ")}]
}
`;

const recipeFor = (number: number, routePort: number, routes: readonly number[]): ProgramRecipe => ({
  name: `nats-server ${number}`,
  scheme: "nats",
  prepare: (place) => writeFile(join(place.folder, "nats.conf"), configuration(place, routePort, routes)),
  arguments: ({ folder }) => ["--config", join(folder, "nats.conf")],
  answers: (place) =>
    converse(place, 'CONNECT {"verbose":false}\r\nPING\r\n', [
      new RegExp(`^INFO .*"server_name":"${serverName(place.port)}"`),
      /^PONG\r$/m,
    ]),
  portTaken: /address already in use/,
  startMsMax: 60_000,
  stopMsMax: 2000,
});

const inbox = "_INBOX.wirebench";

const request = (subject: string): string =>
  `CONNECT {"verbose":false}\r\nSUB ${inbox} 1\r\nPUB ${subject} ${inbox} 0\r\n\r\n`;
/** An answer ends with its JSON document. */
const endOfAnswer = /\}\r\n$/;

/** One request to a server, whose answer has to match. */
const ask = (port: number, subject: string, signal: AbortSignal, ...expected: readonly RegExp[]): Promise<string> =>
  converse({ port, signal }, request(subject), [...expected, endOfAnswer], /"error":/);

const streamNotFound = /"err_code":10059/;
const converseAbout = (topic: string, port: number, signal: AbortSignal): Promise<string> =>
  converse({ port, signal }, request(streamInfo(topic)), [/"cluster":|"err_code":10059/, endOfAnswer]);

const streamInfo = (topic: string): string => `$JS.API.STREAM.INFO.${topic}`;

async function planFor(executable: string): Promise<EnsemblePlan> {
  const free = await freePorts(2 * servers);
  const [ports, routePorts] = [free.slice(0, servers), free.slice(servers)];
  return {
    name: `nats-server, ${servers} servers`,
    url: `nats://${ports.map((port) => `127.0.0.1:${port}`).join(",")}`,
    members: ports.map((port, index) => ({
      role: "server",
      executable,
      port,
      recipe: recipeFor(index + 1, routePorts[index]!, routePorts),
    })),
    asked: () => true,
    // JetStream's own group has a leader, and each server knows it: before that no stream can be made.
    settled: (signal) =>
      Promise.all(
        ports.map((port) => ask(port, "$JS.API.INFO", signal, /"type":"io\.nats\.jetstream\.api\.v1\.account/)),
      ),
    async leader(topic, asked, signal) {
      const answer = await ask(portOf(asked), streamInfo(topic), signal, /"cluster":/);
      const name = /"leader":"([^"]*)"/.exec(answer)?.[1];
      return ports.find((port) => serverName(port) === name);
    },
    async whole(topic, asked, signal) {
      const answer = await converseAbout(topic, portOf(asked), signal);
      // Core NATS keeps nothing that a member could have missed.
      if (streamNotFound.test(answer)) return;
      const current = [...answer.matchAll(/"current":true/g)].length;
      if (current !== servers - 1) throw new Error(`${current} replicas are current`);
    },
    settleMsMax: 120_000,
  };
}

/** Each message of a stream with three replicas is on two of them before it is acknowledged. */
export const natsCluster = {
  name: "nats-cluster",
  role: "broker",
  relays: "never",
  used: true,
  find: nats.find,
  version: nats.version,
  install: nats.install,
  start: (executable, options) => startEnsemble(() => planFor(executable), options),
} satisfies Program;
