import type { Results } from "../../results/contract/results.ts";
import { formatDuration, formatList, formatMemory, plural } from "../../results/quantities/format.ts";
import { wasBusy } from "../../results/validity/machine.ts";
import { blocks, bullets, codeBlock, escapeText, oneLine } from "../text/markdown.ts";
import { left, renderMarkdownTable } from "../text/table.ts";
import { type ReportView, trialsInWords } from "../view/view.ts";
import { facetsOf, settingFacetsOf, usualValue } from "./facets.ts";
import { type Section, textSection } from "./section.ts";

/** Everything somebody else needs to run it again, or to doubt it. */
export function whatWasRunSection(view: ReportView): Section {
  const { results } = view;
  const { environment, tool } = results;
  const { cores, loadAverage } = environment;
  const facts: [string, string][] = [
    ["Preset, seed", `${results.preset}, ${results.seed}`],
    ["Trials per cell", `${trialsInWords(view)}, each in fresh processes, interleaved in seeded random order`],
    ...askedOf(view),
    [
      "Machine",
      `${environment.cpu}, ${plural(cores, "core")}, ${formatMemory(environment.memoryBytes)}, ${environment.os}`,
    ],
    ["Runtime", environment.runtime],
    [
      "Programs and libraries",
      formatList(Object.entries(environment.components).map((pair) => pair.join(" "))) || "none",
    ],
    ["wirebench", `${tool.version}, commit ${tool.commit ?? "unknown"}`],
    ["Started, took", [...(results.continues ?? []), results].map(startedAndTook).join(", then ")],
  ];
  const busy = wasBusy(environment) ? " (**the machine was busy: expect a wider spread**)" : "";
  return textSection(
    blocks(
      "## What was run",
      "To run it again, on a machine with the same programs (`wirebench list` says how to get them):",
      codeBlock("sh", oneLine(results.command)),
      renderMarkdownTable({
        columns: [left("What"), left("Value")],
        rows: [
          ...facts.map(([what, value]) => [what, escapeText(value)]),
          ["Load average before", `${loadAverage.toFixed(2)}${busy}`],
        ],
      }),
      bullets(view.rows.map(spokenBy)),
    ),
  );
}

/** What a target speaks, and by which way its messages come back. */
const spokenBy = ({ name, info: { summary, returnPath } }: ReportView["rows"][number]): string =>
  `**${escapeText(name)}**: ${escapeText(summary)}${returnPath === undefined ? "" : `. Echo: ${escapeText(returnPath)}`}.`;

const startedAndTook = (run: Pick<Results, "startedAt" | "finishedAt">): string =>
  `${run.startedAt.slice(0, 19).replace("T", " ")} UTC, ${tookOf(run)}`;

const tookOf = ({ startedAt, finishedAt }: { startedAt: string; finishedAt: string }): string =>
  formatDuration(Math.round((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000) * 1000);

/** What was asked of most cells; an experiment says where it differs. */
function askedOf(view: ReportView): [string, string][] {
  const cells = view.experiments.flatMap((experiment) => experiment.cells);
  const usual = [...facetsOf(view), ...settingFacetsOf(cells)].flatMap((facet) => {
    const value = usualValue(view, facet);
    return value === undefined ? [] : [`${facet.title} ${value}`];
  });
  return usual.length === 0 ? [] : [["Usual set-up", usual.join("; ")]];
}
