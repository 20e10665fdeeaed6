import { Command, Option } from "commander";
import { WirebenchError } from "../../protocol/errors.ts";
import { renderComparisonMarkdown, renderComparisonText } from "../../reports/regression/regression-views.ts";
import { compareResults, type ResultsComparison, regressionsOf } from "../../results/regression/regression.ts";
import { argument } from "./argument.ts";
import { exitCodeOfComparison } from "./exit-codes.ts";
import { readResults } from "./read-results.ts";

interface CompareOptions {
  threshold: number;
  json?: boolean;
  markdown?: boolean;
  force?: boolean;
}

const examples = `
Example:
  wirebench run --preset standard --out before         on the old code
  wirebench run --preset standard --out after          on the new code, same machine
  wirebench compare before/results.json after/results.json --threshold 10%

Exit code: 0 no regression, 2 not comparable, 4 a cell is invalid in B but not in A, or nothing could be compared,
5 regression. The statistics see what varies between the trials of a run, not what differs from one hour to the next on
a shared machine: that is what the threshold is for.`;

export function compareCommand(): Command {
  return new Command("compare")
    .description("say what changed between two results, and end with exit code 5 if something became worse")
    .argument("<A.json>", "results.json to compare with")
    .argument("<B.json>", "results.json to judge")
    .addOption(
      new Option("--threshold <share>", "how much worse is tolerated, e.g. 10%")
        .argParser(argument(parseShare))
        .default(0.05, "5%"),
    )
    .addOption(new Option("--json", "print the comparison as JSON").conflicts("markdown"))
    .option("--markdown", "print it for a pull request")
    .option("--force", "compare even what is not comparable, with a warning")
    .addHelpText("after", examples)
    .action((pathA: string, pathB: string, options: CompareOptions) => {
      const comparison = compareResults(readResults(pathA), readResults(pathB), options.threshold);
      const { differences } = comparison;
      if (differences.length > 0 && options.force !== true) {
        const reasons = differences.map((difference) => `\n  ${difference}`).join("");
        throw new WirebenchError("usage", `${pathA} and ${pathB} are not comparable:${reasons}`, {
          hint: "--force compares them anyway",
        });
      }
      if (differences.length > 0 && options.json) warn(differences);
      process.stdout.write(`${render(comparison, options)}\n`);
      process.exitCode = exitCodeOfComparison(comparison);
    });
}

const warn = (differences: readonly string[]): boolean =>
  process.stderr.write(`wirebench: not comparable, compared anyway: ${differences.join("; ")}\n`);

function render(comparison: ResultsComparison, { json, markdown }: CompareOptions): string {
  if (markdown) return renderComparisonMarkdown(comparison);
  if (!json) return renderComparisonText(comparison);
  return JSON.stringify({ regressions: regressionsOf(comparison).length, ...comparison }, null, 1);
}

/** `5%` as 0.05. */
function parseShare(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s?%$/.exec(text);
  if (match === null) throw new WirebenchError("usage", `expected a share in percent, e.g. 5%, got "${text}"`);
  return Number(match[1]) / 100;
}
