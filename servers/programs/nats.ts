/** A private NATS server with JetStream: docs.nats.io/running-a-nats-service/configuration. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FsyncPolicy } from "../../protocol/durability.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { converse } from "./conversation.ts";
import { fsyncSetting } from "./fsync.ts";
import { type ProgramPlace, type ProgramRecipe, startPrivately } from "./private-program.ts";
import { type Program, programVersion } from "./program.ts";

/** Told in the server's first line, so that an answer can only be this server's. */
const serverName = ({ port }: ProgramPlace): string => `wirebench-${process.pid}-${port}`;

/**
 * What its part of JetStream says beside sizes; undefined: without JetStream. It writes a message to its file before it
 * acknowledges it, and syncs the file every two minutes by default: a killed process loses nothing acknowledged, a
 * crash of the machine may.
 */
const fsyncs: Partial<Record<FsyncPolicy, readonly string[]>> = {
  never: [],
  "every 2 minutes": [],
  "before acknowledging": ["sync_interval: always"],
};
/** The first release that knows `sync_interval`. */
const syncIntervalSince = [2, 10] as const;

const configuration = (place: ProgramPlace, fsync: FsyncPolicy): string => {
  const jetstream = [
    `store_dir: ${JSON.stringify(join(place.folder, "jetstream"))}`,
    "max_memory_store: 128MB",
    "max_file_store: 1GB",
    ...fsyncSetting("nats", fsyncs, fsync),
  ];
  return [
    `listen: "127.0.0.1:${place.port}"`,
    `server_name: "${serverName(place)}"`,
    ...(fsync === "never" ? [] : ["jetstream {", ...jetstream, "}"]),
    "",
  ].join("\n");
};

const scheme = "nats";
const versionArguments = ["--version"];

const recipeFor = (fsync: FsyncPolicy): ProgramRecipe => ({
  name: "nats-server",
  scheme,
  async prepare(place) {
    if (fsync === "before acknowledging") requireSyncInterval(place.executable);
    await writeFile(join(place.folder, "nats.conf"), configuration(place, fsync));
  },
  arguments: ({ folder }) => ["--config", join(folder, "nats.conf")],
  // It listens only when JetStream has read its store.
  answers: (place) =>
    converse(place, 'CONNECT {"verbose":false}\r\nPING\r\n', [
      new RegExp(`^INFO .*"server_name":"${serverName(place)}"`),
      ...(fsync === "never" ? [] : [/"jetstream":true/]),
      /^PONG\r$/m,
    ]),
  portTaken: /address already in use/,
  startMsMax: 60_000,
  stopMsMax: 2000,
});

function requireSyncInterval(executable: string): void {
  const version = programVersion({ version: versionArguments }, executable);
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [majorMin, minorMin] = syncIntervalSince;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  throw new WirebenchError("component-missing", `nats-server ${version} cannot sync with every write`, {
    hint: `install NATS ${majorMin}.${minorMin} or newer`,
  });
}

export const nats = {
  name: "nats",
  role: "broker",
  // max_pending and write_deadline: docs.nats.io/running-a-nats-service/nats_admin/slow_consumers. Beyond half of the
  // former each message to it makes its publisher wait (`stalledWait` in server/client.go).
  slowSubscriber: {
    queuedBytesMax: 64 * 1024 * 1024,
    unwrittenMsMax: 10_000,
    holdsPublishersFrom: 0.5,
    says: /Slow Consumer Detected/g,
  },
  used: true,
  find: ["nats-server"],
  version: versionArguments,
  install: { apt: ["nats-server"], brew: ["nats-server"] },
  address: { variable: "NATS_URL", scheme },
  start: async (executable, { fsync = "every 2 minutes", ...options }) =>
    startPrivately(recipeFor(fsync), { ...options, executable }),
} satisfies Program;
