import {
  formatDuration,
  formatList,
  formatMemory,
  formatQuantity,
  plural,
} from "../../../results/quantities/format.ts";
import { blocks, codeBlock, escapeText, oneLine } from "../../text/markdown.ts";
import type { ClusterView } from "../../view/cluster-view.ts";
import { factTable, type Section, textSection } from "./section.ts";

/** A machine with this share of its cores busy before the run is not a quiet one. */
const busyShare = 0.5;

/** Everything somebody else needs to run it again, or to doubt it. */
export function clusterRunSection(view: ClusterView): Section {
  const { results, trials } = view;
  const { environment, tool } = results;
  const { cores, loadAverage } = environment;
  const busy = loadAverage >= busyShare * cores ? " (**the machine was busy: expect slower clocks**)" : "";
  const took = formatDuration(
    Math.round((Date.parse(results.finishedAt) - Date.parse(results.startedAt)) / 1000) * 1000,
  );
  const components = Object.entries(environment.components).map((pair) => pair.join(" "));
  const facts: [string, string][] = [
    ["Preset, seed", `${results.preset}, ${results.seed}`],
    ["Trials per arm", `${trials}, each with fresh processes and a cluster of its own`],
    ...parameterFacts(view),
    [
      "Machine",
      `${environment.cpu}, ${plural(cores, "core")}, ${formatMemory(environment.memoryBytes)}, ${environment.os}`,
    ],
    ["Runtime", environment.runtime],
    ["Programs and libraries", formatList(components) || "none"],
    ["wirebench", `${tool.version}, commit ${tool.commit ?? "unknown"}`],
    ["Started, took", `${results.startedAt.slice(0, 19).replace("T", " ")} UTC, ${took}`],
  ];
  return textSection(
    blocks(
      "## What was run",
      "To run it again, on a machine with the same programs (`wirebench list` says how to get them):",
      codeBlock("sh", oneLine(results.command)),
      factTable([
        ...facts.map(([what, value]) => [what, escapeText(value)] as const),
        ["Load average before", `${loadAverage.toFixed(2)}${busy}`],
      ]),
    ),
  );
}

function parameterFacts({ results: { cells }, brokerTitle }: ClusterView): [string, string][] {
  if (cells.length === 0) return [];
  const distinct = (values: readonly string[]): string => [...new Set(values)].join("; ");
  const parameters = cells.map((cell) => cell.parameters);
  return [
    ["Protocols", distinct(cells.map(({ protocol }) => protocol))],
    ["Nodes", distinct(parameters.map(({ nodes }) => String(nodes)))],
    ["Brokers", distinct(parameters.map(({ broker }) => brokerTitle(broker)))],
    ["Policies", distinct(parameters.map(({ policy }) => policy))],
    ["Users", distinct(parameters.map(({ users }) => `${users}, one connection each`))],
    ["Payload", distinct(parameters.map(({ payloadBytes }) => `${payloadBytes} B`))],
    [
      "Messages",
      distinct(
        parameters.flatMap(({ ratePerSecond }) =>
          ratePerSecond === undefined ? [] : [`open loop, ${formatQuantity(ratePerSecond, "perSecond")}`],
        ),
      ) || "no fixed rate",
    ],
  ];
}
