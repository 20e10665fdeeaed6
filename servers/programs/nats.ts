/** A private NATS server with JetStream: docs.nats.io/running-a-nats-service/configuration. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { converse } from "./conversation.ts";
import { type ProgramPlace, type ProgramRecipe, startPrivately } from "./private-program.ts";
import type { Program } from "./program.ts";

/** Told in the server's first line, so that an answer can only be this server's. */
const serverName = ({ port }: ProgramPlace): string => `wirebench-${process.pid}-${port}`;

/**
 * JetStream writes a message to its file before it acknowledges it, and syncs the file every two minutes (the
 * default): a killed process loses nothing acknowledged, a crash of the machine may.
 */
const configuration = (place: ProgramPlace): string => `
listen: "127.0.0.1:${place.port}"
server_name: "${serverName(place)}"
jetstream {
  store_dir: ${JSON.stringify(join(place.folder, "jetstream"))}
  max_memory_store: 128MB
  max_file_store: 1GB
}
`;

const recipe: ProgramRecipe = {
  name: "nats-server",
  scheme: "nats",
  prepare: (place) => writeFile(join(place.folder, "nats.conf"), configuration(place)),
  arguments: ({ folder }) => ["--config", join(folder, "nats.conf")],
  // It listens only when JetStream has read its store.
  answers: (place) =>
    converse(place, 'CONNECT {"verbose":false}\r\nPING\r\n', [
      new RegExp(`^INFO .*"server_name":"${serverName(place)}"`),
      /"jetstream":true/,
      /^PONG\r$/m,
    ]),
  portTaken: /address already in use/,
  startMsMax: 20_000,
  stopMsMax: 2000,
};

export const nats = {
  name: "nats",
  role: "broker",
  used: true,
  find: ["nats-server"],
  version: ["--version"],
  install: { apt: ["nats-server"], brew: ["nats-server"] },
  address: { variable: "NATS_URL", scheme: recipe.scheme },
  start: (executable, options) => startPrivately(recipe, { ...options, executable }),
} satisfies Program;
