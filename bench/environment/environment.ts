import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { cpus, loadavg, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { WirebenchError } from "../../protocol/errors.ts";
import type { Results } from "../../results/contract/results.ts";
import { protocols } from "../targets/protocols.ts";
import { packageFolder } from "./package-folder.ts";

export const version = versionIn(join(packageFolder, "package.json"));

/** The machine and the software a result depends on, read before anything runs. */
export function describeEnvironment(
  components: Record<string, string> = libraryVersions(libraryNames()),
): Results["environment"] {
  const processors = cpus();
  return {
    runtime: `Node.js ${process.version}`,
    os: `${type()} ${release()} ${process.arch}`,
    cpu: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memoryBytes: totalmem(),
    loadAverage: loadavg()[0] ?? 0,
    components,
  };
}

/** Version of an installed npm package. */
export function libraryVersion(name: string): string {
  try {
    const path = findPackageJSON(name, import.meta.url);
    return path === undefined ? "not found" : versionIn(path);
  } catch {
    return "not found";
  }
}

/** Throws `component-missing` with what to install where one of the packages is not there; `what` is what needs them. */
export function requireLibraries(what: string, names: readonly string[], version = libraryVersion): void {
  const missing = names.filter((name) => version(name) === "not found");
  if (missing.length === 0) return;
  throw new WirebenchError("component-missing", `${what} needs ${missing.join(" and ")}, optional to install`, {
    hint: `npm install ${missing.join(" ")}`,
  });
}

/** By name, in the order of the names. */
export const libraryVersions = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.toSorted().map((name) => [name, libraryVersion(name)]));

/** The commit of a checkout, null for an installed package. */
export function commit(): string | null {
  if (!existsSync(join(packageFolder, ".git"))) return null;
  try {
    return execFileSync("git", ["rev-parse", "--short=12", "HEAD"], {
      cwd: packageFolder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return null;
  }
}

function libraryNames(): string[] {
  const names = protocols.flatMap(({ server: { traits } }) => [...traits.libraries.server, ...traits.libraries.client]);
  return [...new Set(names)];
}

function versionIn(path: string): string {
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
