/** Programs wirebench can work with but does not bring: whether they are here, and how to get them. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { WirebenchError } from "../../protocol/errors.ts";
import { findKafkaLibraries, kafkaReleaseVersion } from "./kafka-release.ts";

export interface Component {
  readonly name: string;
  /** What it is in the field, not yet necessarily used by a command of this version. */
  readonly role: string;
  /** Names of the program, in order of preference. */
  readonly programs: readonly string[];
  /** Arguments that make it print its version and end. */
  readonly versionArguments: readonly string[];
  readonly install: string;
  /** Environment variable with the address of one that already runs somewhere: it is used and none is started. */
  readonly addressVariable?: string;
  /** For a component that is no single program: where it is, in place of a search by `programs`. */
  readonly find?: (path: string) => string | undefined;
  /** What to read the version from where `find` leads. */
  readonly version?: (found: string) => string | undefined;
}

export const components: readonly Component[] = [
  {
    name: "haproxy",
    role: "load balancer",
    programs: ["haproxy"],
    versionArguments: ["-v"],
    install: "apt-get install haproxy",
  },
  {
    name: "redis",
    role: "broker",
    programs: ["redis-server"],
    versionArguments: ["--version"],
    install: "apt-get install redis-server",
    addressVariable: "REDIS_URL",
  },
  {
    name: "nats",
    role: "broker",
    programs: ["nats-server"],
    versionArguments: ["--version"],
    install: "apt-get install nats-server",
    addressVariable: "NATS_URL",
  },
  {
    name: "kafka",
    role: "broker",
    programs: ["kafka-server-start", "kafka-server-start.sh"],
    versionArguments: ["--version"],
    install: "npm run setup (Java and Maven), or a Kafka 4 release at KAFKA_HOME and Java 17",
    addressVariable: "KAFKA_BROKERS",
    find: (path) => (findJava(path) === undefined ? undefined : findKafkaLibraries(process.env, path)),
    version: kafkaReleaseVersion,
  },
  {
    name: "prosody",
    role: "XMPP server",
    programs: ["prosody"],
    versionArguments: ["--version"],
    install: "apt-get install prosody",
  },
  {
    name: "ejabberd",
    role: "XMPP server",
    programs: ["ejabberdctl"],
    versionArguments: ["--version"],
    install: "apt-get install ejabberd",
  },
  {
    name: "chromium",
    role: "browser",
    programs: ["chromium", "chromium-browser"],
    versionArguments: ["--version"],
    install: "apt-get install chromium",
  },
];

/** Throws for a name that is none: names come from this project, not from users. */
export function componentNamed(name: string): Component {
  const component = components.find((each) => each.name === name);
  if (component === undefined) throw new Error(`no component is called ${name}`);
  return component;
}

/** The address the environment gives for a component, or undefined. */
export function addressOf({ addressVariable }: Component, environment = process.env): string | undefined {
  const address = addressVariable === undefined ? undefined : environment[addressVariable]?.trim();
  return address === "" ? undefined : address;
}

/** Where a component is: its program, or what its `find` leads to; undefined when it is not on this machine. */
export function findProgram({ programs, find }: Component, path = searchPath()): string | undefined {
  return find === undefined ? findExecutable(programs, path) : find(path);
}

/** `findProgram` for those who need it: throws `component-missing` with the command that installs it. */
export function requireProgram(component: Component): string {
  const found = findProgram(component);
  if (found !== undefined) return found;
  const hint = `install it: ${component.install}`;
  throw new WirebenchError("component-missing", `${component.name} is not on this machine`, { hint });
}

/** Java's launcher, the one of `JAVA_HOME` first. */
export function findJava(path = searchPath()): string | undefined {
  const home = process.env.JAVA_HOME;
  return findExecutable(["java"], home ? [join(home, "bin"), path].join(delimiter) : path);
}

export function findExecutable(names: readonly string[], path = searchPath()): string | undefined {
  const candidates = names.flatMap((name) =>
    path
      .split(delimiter)
      .filter((folder) => folder !== "")
      .map((folder) => join(folder, name)),
  );
  return candidates.find(isExecutable);
}

/** `PATH`, and where Debian puts servers: that folder is in the path of root only. */
function searchPath(): string {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return [...new Set([...folders, "/usr/sbin", "/usr/local/sbin"])].join(delimiter);
}

/** The first version-like word a program prints, or `version unknown`. */
export function programVersion(program: string, { versionArguments, version }: Component): string {
  if (version !== undefined) return version(program) ?? "version unknown";
  const { stdout, stderr } = spawnSync(program, versionArguments, { encoding: "utf8", timeout: 5000 });
  return /\d+\.\d+[\w.+-]*/.exec(`${stdout ?? ""}${stderr ?? ""}`)?.[0] ?? "version unknown";
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
