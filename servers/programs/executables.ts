/** Executables on this machine, by their names. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The first of the names that is anywhere on the path. */
export function findExecutable(names: readonly string[], path = searchPath()): string | undefined {
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

/** `PATH`, and where Debian puts servers: that folder is in the path of root only. */
export function searchPath(): string {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return [...new Set([...folders, "/usr/sbin", "/usr/local/sbin"])].join(delimiter);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
