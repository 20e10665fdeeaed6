import { dirname } from "node:path";
import { Command } from "commander";
import { renderHistogramLog } from "../../reports/histogram-log.ts";
import { renderReport, renderSummary } from "../../reports/report.ts";
import { renderClaimsAgain } from "../../reports/screen/claims-table.ts";
import { lookOf } from "./look.ts";
import { OutputFolder } from "./output.ts";
import { readResults } from "./read-results.ts";

const examples = `
Example:
  wirebench report reports/out/2026-11-22T18-30-05/results.json --out rendered`;

export function reportCommand(): Command {
  return new Command("report")
    .description("render report.md and the charts again from a results.json")
    .argument("<results.json>", "file written by wirebench run, cluster, profile or claims")
    .option("--out <dir>", "where to write (default: the folder of the results)")
    .option("--trace <file>", "also write every raw histogram in the HdrHistogram log format, for other tools to plot")
    .addHelpText("after", examples)
    .action(async (path: string, options: { out?: string; trace?: string }) => {
      const results = readResults(path);
      const trace = options.trace === undefined ? undefined : OutputFolder.ofFile(options.trace);
      const output = new OutputFolder(options.out ?? dirname(path));
      for (const [name, content] of await renderReport(results)) output.write(name, content);
      if (trace !== undefined) trace.folder.write(trace.name, renderHistogramLog(results));
      const render = results.claimsAsked === undefined ? renderSummary : renderClaimsAgain;
      process.stdout.write(`${render(results, lookOf(process.stdout))}\nReport: ${output.path}/report.md\n`);
    });
}
