import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { renderHistogramLog } from "../../reports/histogram-log.ts";
import { renderReport, renderSummary } from "../../reports/report.ts";
import { type Results, resultsSchema, schemaVersion } from "../../reports/results.ts";
import { describeError, WirebenchError } from "../errors.ts";
import { OutputFolder } from "../output.ts";

const examples = `
Example:
  wirebench report reports/out/2026-11-22T18-30-05/results.json --out rendered`;

export function reportCommand(): Command {
  return new Command("report")
    .description("render report.md and the charts again from a results.json")
    .argument("<results.json>", "file written by wirebench run")
    .option("--out <dir>", "where to write (default: the folder of the results)")
    .option("--trace <file>", "also write every raw histogram in the HdrHistogram log format, for other tools to plot")
    .addHelpText("after", examples)
    .action(async (path: string, options: { out?: string; trace?: string }) => {
      const results = readResults(path);
      const trace = options.trace === undefined ? undefined : OutputFolder.ofFile(options.trace);
      const output = new OutputFolder(options.out ?? dirname(path));
      for (const [name, content] of await renderReport(results)) output.write(name, content);
      if (trace !== undefined) trace.folder.write(trace.name, renderHistogramLog(results));
      process.stdout.write(`${renderSummary(results)}\nReport: ${output.path}/report.md\n`);
    });
}

/** Throws `results-unreadable` with what is wrong with the file. */
export function readResults(path: string): Results {
  const fail = (why: string, cause?: unknown): never => {
    throw new WirebenchError("results-unreadable", `${path} is not a results file: ${why}`, { cause });
  };
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return fail(describeError(error), error);
  }
  const found = (json as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (found !== schemaVersion) fail(`expected schemaVersion ${schemaVersion}, got ${JSON.stringify(found)}`);
  const parsed = resultsSchema.safeParse(json);
  return parsed.success ? parsed.data : fail(z.prettifyError(parsed.error));
}
