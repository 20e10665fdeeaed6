import { formatDuration, formatList, formatMemory, plural } from "../../results/quantities/format.ts";
import { wasBusy } from "../../results/validity/machine.ts";
import { blocks, codeBlock, escapeText, oneLine } from "../text/markdown.ts";
import { left, renderMarkdownTable } from "../text/table.ts";
import type { ReportView } from "../view/view.ts";
import { facetsOf } from "./facets.ts";
import { capitalised, type Section, textSection } from "./section.ts";

/** Everything somebody else needs to run it again, or to doubt it. */
export function whatWasRunSection(view: ReportView): Section {
  const { results, trials } = view;
  const { environment, tool } = results;
  const { cores, loadAverage } = environment;
  const facts: [string, string][] = [
    ["Preset, seed", `${results.preset}, ${results.seed}`],
    ["Trials per cell", `${trials}, each in fresh processes, interleaved in seeded random order`],
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
    ["Started, took", `${results.startedAt.slice(0, 19).replace("T", " ")} UTC, ${tookOf(results)}`],
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
    ),
  );
}

const tookOf = ({ startedAt, finishedAt }: { startedAt: string; finishedAt: string }): string =>
  formatDuration(Math.round((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000) * 1000);

/** What was asked of all cells; the experiments stand beside a value where each has one of its own. */
const askedOf = (view: ReportView): [string, string][] =>
  facetsOf(view).flatMap(({ title, show }): [string, string][] => {
    const shown = view.experiments.flatMap(({ info, cells }) =>
      cells.map((cell) => ({ experiment: info.name, value: show(cell) })).filter(({ value }) => value !== undefined),
    );
    const values = [...Map.groupBy(shown, ({ value }) => value!)].map(
      ([value, own]) => [value, new Set(own.map(({ experiment }) => experiment))] as const,
    );
    if (values.length === 0) return [];
    const experiments = new Set(shown.map(({ experiment }) => experiment));
    const isOnesOwn = values.length > 1 && values.reduce((sum, [, own]) => sum + own.size, 0) === experiments.size;
    const texts = values.map(([value, own]) => (isOnesOwn ? `${value} (${[...own].join(", ")})` : value));
    return [[capitalised(title), texts.join("; ")]];
  });
