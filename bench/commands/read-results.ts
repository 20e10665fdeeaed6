/** Reading back what a run wrote. The field `kind` tells the results of the cluster experiments from a comparison's. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { describeError, WirebenchError } from "../../protocol/errors.ts";
import { type ClusterResults, clusterResultsSchema } from "../../results/contract/cluster-results.ts";
import { type Results, resultsSchema, schemaVersion } from "../../results/contract/results.ts";

export type AnyResults = Results | ClusterResults;

export const isCluster = (results: AnyResults): results is ClusterResults => "kind" in results;

/** Throws `results-unreadable` with what is wrong with the file. */
export function readResults(path: string): AnyResults {
  const fail = (why: string, cause?: unknown): never => {
    throw new WirebenchError("results-unreadable", `${path} is not a results file: ${why}`, { cause });
  };
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return fail(describeError(error), error);
  }
  const { schemaVersion: found, kind } = (json ?? {}) as { schemaVersion?: unknown; kind?: unknown };
  if (found !== schemaVersion) fail(`expected schemaVersion ${schemaVersion}, got ${JSON.stringify(found)}`);
  const parsed = kind === "cluster" ? clusterResultsSchema.safeParse(json) : resultsSchema.safeParse(json);
  return parsed.success ? parsed.data : fail(z.prettifyError(parsed.error));
}

/** The same where only the results of `wirebench run` will do; throws `usage` for those of `wirebench cluster`. */
export function readComparison(path: string): Results {
  const results = readResults(path);
  if (!isCluster(results)) return results;
  throw new WirebenchError(
    "usage",
    `${path} holds results of wirebench cluster, which cannot be compared: expected results of wirebench run`,
    { hint: `wirebench report ${path} renders them` },
  );
}
