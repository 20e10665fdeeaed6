/** Two results set against each other, as a terminal and as a pull request show it. */

import { metricNamed } from "../../results/metrics/metrics.ts";
import { formatList, formatQuantity, plural } from "../../results/quantities/format.ts";
import {
  anythingCompared,
  type BrokenPrediction,
  type Change,
  type ResultsComparison,
  regressionsOf,
} from "../../results/regression/regression.ts";
import { withinRatio } from "../../results/statistics/decide.ts";
import { signOf } from "../../results/summary/estimate.ts";
import { blocks, bullets, escapeText, oneLine } from "../text/markdown.ts";
import { left, renderMarkdownTable, renderPlainTable, right, type Table } from "../text/table.ts";
import { expectedInWords } from "../view/shown-estimate.ts";
import { formatRatio } from "../view/verdict-in-words.ts";

/** The verdict in one line. */
export function verdictLine(comparison: ResultsComparison): string {
  const { changes, turnedInvalid, brokenPredictions, predictionsCompared, threshold } = comparison;
  if (!anythingCompared(comparison)) return "Nothing could be compared.";
  const regressions = regressionsOf(comparison).length;
  const limit = formatThreshold(threshold);
  const parts = [
    ...(regressions > 0 ? [`${plural(regressions, "regression")} beyond ${limit}`] : []),
    ...(brokenPredictions.length > 0 ? [`${plural(brokenPredictions.length, "prediction")} no longer held`] : []),
    ...(turnedInvalid.length > 0 ? [`${plural(turnedInvalid.length, "cell")} invalid in B but not in A`] : []),
  ];
  const found = changes.length > 0 ? numbersInWords(changes) : `${plural(predictionsCompared, "prediction")} compared.`;
  return `${formatList(parts) || `No regression found`}. ${found}`;
}

/** How many there are of each of the three answers, and what the last two are worth. */
function numbersInWords(changes: readonly Change[]): string {
  const those = (verdict: Change["verdict"]) => changes.filter((change) => change.verdict === verdict);
  const [equal, unknown] = [those("equal"), those("cannot-tell")];
  const within = Math.max(...equal.map(({ ratio }) => withinRatio(ratio)));
  const told = unknown.flatMap(({ smallestToldRatio }) => smallestToldRatio ?? []);
  const unseen = told.length === 0 ? "" : ` (${notSeenBelow(Math.min(...told))})`;
  const answers = [
    `${those("slower").length} worse`,
    `${those("faster").length} better`,
    ...(equal.length > 0 ? [`${equal.length} with ${noChangeBeyond(within)}`] : []),
    ...(unknown.length > 0 ? [`${unknown.length} cannot tell${unseen}`] : []),
  ];
  return `Of ${plural(changes.length, "number")} compared: ${answers.join(", ")}.`;
}

const noChangeBeyond = (within: number): string =>
  within === 1 ? "no change" : `no change beyond ${roundedUp(within)}`;

const notSeenBelow = (ratio: number): string => `could not have seen less than ${roundedUp(ratio)}`;

/** 1.12×. */
const roundedUp = (ratio: number): string => formatQuantity(Math.ceil(ratio * 100 - 1e-9) / 100, "ratio");

const formatThreshold = (threshold: number): string => `${Number((threshold * 100).toPrecision(3))} %`;

/** For a terminal. */
export function renderComparisonText(comparison: ResultsComparison): string {
  const { changes, differences, warnings, remarks, notCompared, turnedInvalid, brokenPredictions } = comparison;
  const list = (title: string, lines: readonly string[]): string =>
    lines.length === 0 ? "" : `${title}\n${lines.map((line) => `  ${oneLine(line)}`).join("\n")}`;
  const legend =
    "B/A: ratio with its 99 % interval; ≥ and ≤: a bound, since something else than the server was the limit of one of the two";
  return blocks(
    list("Warning: A and B are not comparable, so a change may have nothing to do with the code:", differences),
    changes.length === 0 ? "" : `${renderPlainTable(tableOf(changes, oneLine))}\n\n${legend}`,
    list("Warnings:", warnings),
    list("Also different:", remarks),
    list("Not compared:", notCompared),
    list("Predictions that held in A and failed in B:", brokenPredictions.map(brokenInWords)),
    list("Invalid in B, not in A:", turnedInvalid),
    verdictLine(comparison),
  );
}

/** For a pull request: the verdict, what changed, and the rest folded. */
export function renderComparisonMarkdown(comparison: ResultsComparison): string {
  const { changes, differences, warnings, remarks, notCompared, turnedInvalid, brokenPredictions } = comparison;
  const changed = changes.filter(({ verdict }) => verdict === "faster" || verdict === "slower");
  const same = changes.filter((change) => !changed.includes(change));
  const escaped = (lines: readonly string[]): string => bullets(lines.map(escapeText));
  const part = (title: string, lines: readonly string[]) => (lines.length === 0 ? "" : `${title}\n\n${escaped(lines)}`);
  const rest = blocks(
    same.length > 0 ? renderMarkdownTable(tableOf(same, escapeText)) : "",
    part("Also different:", remarks),
    part("Not compared:", notCompared),
  );
  return blocks(
    `**wirebench:** ${verdictLine(comparison)}`,
    part("**A and B are not comparable**, so a change may have nothing to do with the code:", differences),
    part("Predictions that held in A and failed in B:", brokenPredictions.map(brokenInWords)),
    part("Invalid in B, not in A:", turnedInvalid),
    changed.length > 0 ? renderMarkdownTable(tableOf(changed, escapeText)) : "",
    part("Warnings:", warnings),
    rest &&
      `<details>\n<summary>${plural(same.length, "number")} not known to have changed, and what else differs</summary>\n\n${rest}\n\n</details>`,
    "<sub>B/A is the ratio with its 99 % interval; ≥ and ≤ mark bounds, where something else than the server was the limit of one of the two. Better or worse: the interval lies beyond 1.05×. No change: it lies within 1.25×.</sub>",
  );
}

function brokenInWords({ cell, statement, metric, expected, before, after }: BrokenPrediction): string {
  const { title, unit } = metricNamed(metric);
  const [was, is] = [before, after].map((value) => formatQuantity(value, unit));
  return `${cell}: ${statement}: ${title} ${was} in A, ${is} in B, expected ${expectedInWords(expected, unit)}`;
}

/** Of a number: what changed, or how much could have changed unseen. */
function verdictOf({ verdict, regression, ratio, smallestToldRatio }: Change): string {
  if (regression) return "REGRESSION";
  if (verdict === "faster") return "better";
  if (verdict === "slower") return "worse";
  if (verdict === "equal") return noChangeBeyond(withinRatio(ratio));
  return smallestToldRatio === undefined ? "cannot tell" : `cannot tell: ${notSeenBelow(smallestToldRatio)}`;
}

function tableOf(changes: readonly Change[], escaped: (text: string) => string): Table {
  return {
    columns: [left("target"), left("scenario"), left("number"), right("A"), right("B"), right("B/A"), left("verdict")],
    rows: changes.map((change) => {
      const { title, unit } = metricNamed(change.metric);
      return [
        escaped(change.variant === undefined ? change.target : `${change.target}, ${change.variant}`),
        change.scenario,
        escaped(title),
        signOf(change.beforeBound) + formatQuantity(change.before.value, unit),
        signOf(change.afterBound) + formatQuantity(change.after.value, unit),
        formatRatio(change),
        verdictOf(change),
      ];
    }),
  };
}
