/** A private Postgres: www.postgresql.org/docs/current/server-start.html. */
import { readdirSync, readFileSync } from "node:fs";
import { chown } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { WirebenchError } from "../../protocol/errors.ts";
import { BoundProcess } from "./bound-process.ts";
import { findExecutable } from "./executables.ts";
import { type ProgramPlace, type ProgramRecipe, startPrivately } from "./private-program.ts";
import type { Program } from "./program.ts";

/** Told by the server, so that an answer can only be this server's. */
const clusterName = ({ port }: ProgramPlace): string => `wirebench-${process.pid}-${port}`;

const settings = (place: ProgramPlace): Record<string, string> => ({
  port: String(place.port),
  listen_addresses: "127.0.0.1",
  // No socket in a folder that all share.
  unix_socket_directories: "",
  cluster_name: clusterName(place),
});

/** Postgres refuses to run as root. Whom it runs as then: the user of Debian's package, else nobody. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8");
  const found = /^postgres:[^:]*:(\d+):(\d+):/m.exec(users) ?? /^nobody:[^:]*:(\d+):(\d+):/m.exec(users);
  return found === null ? undefined : { uid: Number(found[1]), gid: Number(found[2]) };
}

const data = ({ folder, port }: ProgramPlace): string => join(folder, `data-${port}`);

const recipe: ProgramRecipe = {
  name: "postgres",
  scheme: "postgres",
  user: unprivileged,
  async prepare(place) {
    const user = unprivileged();
    if (user !== undefined) await chown(place.folder, user.uid, user.gid);
    await initialize(place);
  },
  arguments: (place) => [
    "-D",
    data(place),
    ...Object.entries(settings(place)).flatMap(([key, value]) => ["-c", `${key}=${value}`]),
  ],
  answers,
  portTaken: /Address already in use/,
  startMsMax: 60_000,
  stopMsMax: 2000,
};

/** Whoever reaches the loopback port is trusted: the folder is temporary, and so is what is in it. */
const initializing = ["-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"];

async function initialize(place: ProgramPlace): Promise<void> {
  const initdb = new BoundProcess({
    executable: join(dirname(place.executable), "initdb"),
    arguments: ["-D", data(place), ...initializing],
    folder: place.folder,
    user: unprivileged(),
    watchdog: place.watchdog,
  });
  const abort = (): void => initdb.signal("SIGKILL");
  place.signal.addEventListener("abort", abort);
  const sentence = await initdb.exited;
  place.signal.removeEventListener("abort", abort);
  if (sentence === "ended with exit code 0" || place.signal.aborted) return;
  throw new WirebenchError("component-failed", `initdb ${sentence}: ${initdb.log.trim()}`);
}

async function answers(place: ProgramPlace): Promise<void> {
  // Loaded only now: every command knows the programs, and few start this one.
  const { default: pg } = await import("pg");
  const client = new pg.Client({ host: "127.0.0.1", port: place.port, user: "postgres", database: "postgres" });
  client.on("error", () => {});
  const end = (): void => void client.end().catch(() => {});
  place.signal.addEventListener("abort", end);
  try {
    await client.connect();
    const { rows } = await client.query<{ name: string }>("SELECT current_setting('cluster_name') AS name");
    if (rows[0]?.name !== clusterName(place)) throw new Error("another server");
  } finally {
    place.signal.removeEventListener("abort", end);
    await client.end().catch(() => {});
  }
}

/** Debian keeps every version in a folder of its own, and none of them on the path. The newest first. */
function debianFolders(): string[] {
  const folder = "/usr/lib/postgresql";
  try {
    const versions = readdirSync(folder).sort((one, other) => Number(other) - Number(one));
    return versions.map((version) => join(folder, version, "bin"));
  } catch {
    return [];
  }
}

export const postgres = {
  name: "postgres",
  role: "broker",
  used: true,
  find: (path) => findExecutable(["postgres"], [path, ...debianFolders()].join(delimiter)),
  version: ["--version"],
  install: { apt: ["postgresql"], brew: ["postgresql"] },
  address: { variable: "POSTGRES_URL", scheme: recipe.scheme },
  start: (executable, options) => startPrivately(recipe, { ...options, executable }),
} satisfies Program;
