/** Programs wirebench can work with but does not bring: whether they are here, and how to get them. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

export interface Component {
  readonly name: string;
  /** What it is in the field, not yet necessarily used by a command of this version. */
  readonly role: string;
  /** Names of the program, in order of preference. */
  readonly programs: readonly string[];
  /** Arguments that make it print its version and end. */
  readonly versionArguments: readonly string[];
  readonly install: string;
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
  },
  {
    name: "nats",
    role: "broker",
    programs: ["nats-server"],
    versionArguments: ["--version"],
    install: "apt-get install nats-server",
  },
  {
    name: "kafka",
    role: "broker",
    programs: ["kafka-server-start", "kafka-server-start.sh"],
    versionArguments: ["--version"],
    install: "unpack a Kafka release and put its bin folder on the PATH",
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

/** Where a component's program is, or undefined. */
export function findProgram({ programs }: Component, path = process.env.PATH ?? ""): string | undefined {
  const candidates = programs.flatMap((program) => path.split(delimiter).map((folder) => join(folder, program)));
  return candidates.find(isExecutable);
}

/** The first version-like word a program prints, or `version unknown`. */
export function programVersion(program: string, { versionArguments }: Component): string {
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
