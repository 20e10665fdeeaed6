import type { Load } from "../../results/contract/results.ts";
import { formatDuration, formatList, formatMemory, formatQuantity, plural } from "../../results/quantities/format.ts";
import { wasBusy } from "../../results/validity/machine.ts";
import { blocks, codeBlock, escapeText, oneLine } from "../text/markdown.ts";
import { left, renderMarkdownTable } from "../text/table.ts";
import type { ReportView } from "../view/view.ts";
import { type Section, textSection } from "./section.ts";

/** Everything somebody else needs to run it again, or to doubt it. */
export function whatWasRunSection(view: ReportView): Section {
  const { results, trials } = view;
  const { environment, tool } = results;
  const { cores, loadAverage } = environment;
  const busy = wasBusy(environment);
  const facts: [string, string][] = [
    ["Preset, seed", `${results.preset}, ${results.seed}`],
    ["Trials per cell", `${trials}, each in fresh processes, interleaved in seeded random order`],
    ...parameterFacts(view),
    [
      "Machine",
      `${environment.cpu}, ${plural(cores, "core")}, ${formatMemory(environment.memoryBytes)}, ${environment.os}`,
    ],
    [
      "Load average before",
      `${loadAverage.toFixed(2)}${busy ? " (**the machine was busy: expect a wider spread**)" : ""}`,
    ],
    ["Runtime", environment.runtime],
    ["Libraries", formatList(Object.entries(environment.components).map((pair) => pair.join(" "))) || "none"],
    ["wirebench", `${tool.version}, commit ${tool.commit ?? "unknown"}`],
    ["Started, took", `${results.startedAt.slice(0, 19).replace("T", " ")} UTC, ${tookOf(results)}`],
  ];
  const table = renderMarkdownTable({
    columns: [left("What"), left("Value")],
    rows: facts.map(([what, value]) => [what, what.startsWith("Load") ? value : escapeText(value)]),
  });
  return textSection(blocks("## What was run", codeBlock("sh", oneLine(results.command)), table));
}

const tookOf = ({ startedAt, finishedAt }: { startedAt: string; finishedAt: string }): string =>
  formatDuration(Math.round((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000) * 1000);

function parameterFacts({ results: { cells } }: ReportView): [string, string][] {
  const distinct = (values: readonly string[]): string => [...new Set(values)].join("; ");
  const parameters = cells.map((cell) => cell.parameters);
  const polled = parameters.flatMap(({ pollIntervalMs }) => pollIntervalMs ?? []);
  const facts: [string, string][] = [
    [
      "Connections",
      distinct(
        parameters.map(
          ({ connections, connectionSteps = [connections], workers }) =>
            `${formatList(connectionSteps.map(String))}, from ${plural(workers, "load generator")}`,
        ),
      ),
    ],
    ["Payload", distinct(parameters.map(({ payloadBytes, payloadKind }) => `${payloadBytes} B, ${payloadKind}`))],
    ["Load", distinct(cells.map(({ scenario, parameters: { load } }) => `${scenario}: ${loadInWords(load)}`))],
    [
      "Windows",
      distinct(
        parameters.map(
          ({ durationMs, warmupMs }) => `${formatDuration(durationMs)} after ${formatDuration(warmupMs)} of warm-up`,
        ),
      ),
    ],
  ];
  if (polled.length > 0) facts.push(["Poll interval", distinct(polled.map(formatDuration))]);
  return cells.length > 0 ? facts : [];
}

const loadInWords = (load: Load | undefined): string =>
  load === undefined
    ? "nobody sends"
    : load.kind === "open"
      ? `open loop, ${formatQuantity(load.ratePerSecond, "perSecond")}`
      : `closed loop, ${load.inFlight} in flight per connection`;
