/** What Kafka takes: nobody compares these, so they are in no list of programs. */
import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { findExecutable } from "./executables.ts";
import type { Program } from "./program.ts";

/** The oldest Java a Kafka 4 broker runs on (kafka.apache.org/documentation/#java). */
const javaMajorMin = 17;

/** Its launcher, the one of `JAVA_HOME` first; one that is too old counts as none. */
export const java = {
  name: "java",
  role: "runtime",
  used: true,
  find(path) {
    const home = process.env.JAVA_HOME;
    const found = findExecutable(["java"], home ? [join(home, "bin"), path].join(delimiter) : path);
    return found !== undefined && (majorOf(found) ?? 0) >= javaMajorMin ? found : undefined;
  },
  version: (found) => majorOf(found)?.toString(),
  install: {
    apt: ["openjdk-17-jre-headless|default-jre-headless"],
    brew: ["openjdk@17"],
    how: `Java ${javaMajorMin} or newer`,
  },
} satisfies Program;

export const maven = {
  name: "maven",
  role: "build tool",
  used: false,
  find: ["mvn"],
  version: ["--version"],
  install: { apt: ["maven"], brew: ["maven"] },
} satisfies Program;

function majorOf(launcher: string): number | undefined {
  const { stdout, stderr } = spawnSync(launcher, ["-version"], { encoding: "utf8" });
  return javaMajor(`${stderr}${stdout}`);
}

/** The major version `java -version` tells; `1.8` counts as 8. */
export function javaMajor(said: string): number | undefined {
  const version = /version "(\d+)(?:\.(\d+))?/.exec(said);
  if (version === null) return undefined;
  const major = Number(version[1]);
  return major === 1 ? Number(version[2]) : major;
}
