/** Estimate back what a run wrote. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { describeError, WirebenchError } from "../../protocol/errors.ts";
import { masked } from "../../protocol/secrets.ts";
import { type Results, resultsSchema, schemaVersion } from "../../results/contract/results.ts";
import { isMetric } from "../../results/metrics/metrics.ts";

/** Throws `results-unreadable` with what is wrong with the file. */
export function readResults(path: string): Results {
  const fail = (why: string, cause?: unknown): never => {
    throw new WirebenchError("results-unreadable", `${path} is not a results file: ${why}`, { cause });
  };
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"), (_key, part) => (typeof part === "string" ? masked(part) : part));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      throw new WirebenchError("results-unreadable", `no such file: ${path}`, { cause: error });
    }
    return fail(describeError(error), error);
  }
  const { schemaVersion: found, tool } = (json ?? {}) as { schemaVersion?: unknown; tool?: { version?: unknown } };
  if (found === 1) {
    const writer = typeof tool?.version === "string" ? `wirebench ${tool.version}` : "the version that wrote it";
    throw new WirebenchError(
      "results-unreadable",
      `${path} has schemaVersion 1, whose windows and metrics this version no longer has: it reads ${schemaVersion}`,
      { hint: `render it with ${writer}, or measure again` },
    );
  }
  if (found !== schemaVersion) fail(`expected schemaVersion ${schemaVersion}, got ${JSON.stringify(found)}`);
  const parsed = resultsSchema.safeParse(json);
  if (!parsed.success) return fail(z.prettifyError(parsed.error));
  const unknown = metricsIn(parsed.data).find((name) => !isMetric(name));
  if (unknown !== undefined) fail(`this version has no metric called "${unknown}"`);
  const stray = parsed.data.cells.find(({ target }) => !parsed.data.targets.some(({ label }) => label === target));
  if (stray !== undefined) fail(`its targets lack "${stray.target}", which a cell names`);
  return parsed.data;
}

const metricsIn = ({ cells, comparisons }: Results): string[] => [
  ...cells.flatMap((cell) =>
    cell.state === "measured" ? [...Object.keys(cell.summary), ...cell.predictions.map(({ metric }) => metric)] : [],
  ),
  ...comparisons.map(({ metric }) => metric),
];

/**
 * The results that started last, of all results.json below a folder that `isWanted`; what is none, or not whole, is
 * passed over. Undefined where there is none.
 */
export function newestResults(
  folder: string,
  isWanted: (results: Results) => boolean,
): { path: string; results: Results } | undefined {
  const found = resultFiles(folder).flatMap((path) => {
    try {
      const results = readResults(path);
      return isWanted(results) ? [{ path, results }] : [];
    } catch (error) {
      if (error instanceof WirebenchError) return [];
      throw error;
    }
  });
  const startedMs = ({ results }: { results: Results }): number => Date.parse(results.startedAt);
  return found.sort((a, b) => startedMs(b) - startedMs(a))[0];
}

const resultFiles = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((path) => basename(path) === "results.json")
        .map((path) => join(folder, path))
    : [];
