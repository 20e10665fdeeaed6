/** The results of a cluster run, named or found. */
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { WirebenchError } from "../../protocol/errors.ts";
import type { ClusterResults } from "../../results/contract/cluster-results.ts";
import { isCluster, readResults } from "./read-results.ts";

/** Throws `results-unreadable` with what is wrong with the file, and `usage` for results of `wirebench run`. */
export function readClusterResults(path: string): ClusterResults {
  const results = readResults(path);
  if (isCluster(results)) return results;
  throw new WirebenchError("usage", `${path} holds results of wirebench run: expected results of wirebench cluster`);
}

/**
 * The results of the cluster run that started last, of all results.json below a folder; what is none, or not whole, is
 * passed over. Undefined where there is none.
 */
export function newestClusterResults(folder: string): { path: string; results: ClusterResults } | undefined {
  const found = resultFiles(folder).flatMap((path) => {
    try {
      return [{ path, results: readClusterResults(path) }];
    } catch (error) {
      if (error instanceof WirebenchError) return [];
      throw error;
    }
  });
  const startedMs = ({ results }: { results: ClusterResults }): number => Date.parse(results.startedAt);
  return found.sort((a, b) => startedMs(b) - startedMs(a))[0];
}

const resultFiles = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((path) => basename(path) === "results.json")
        .map((path) => join(folder, path))
    : [];
