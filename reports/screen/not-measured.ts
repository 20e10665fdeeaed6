/** What a reader may take the numbers for although nobody measured it. */
import { formatList } from "../../results/quantities/format.ts";
import { tlsOf } from "../../results/recording/observed.ts";
import { oneLine } from "../text/markdown.ts";
import type { ReportView } from "../view/view.ts";
import { notRunIn } from "./problems.ts";
import type { Remedy } from "./screen-table.ts";

const loopback = /^\w+:\/\/(localhost|127\.|\[::1\])/;
const secured = /^(wss|https|tcps|xmpps):/;

/** Cells that did not run, what the preset does without, and what no such run can measure. */
export const notMeasuredIn = (view: ReportView): Remedy[] => [
  ...notRunIn(view).map((text) => ({ text })),
  ...leftOutIn(view),
  { text: `${formatList(beyond(view))}.` },
];

/** Their commands differ in a name only. */
function leftOutIn({ results: { leftOut = [], preset } }: ReportView): Remedy[] {
  const [first, second] = leftOut;
  if (first === undefined) return [];
  const names = [oneLine(first.name), ...(second === undefined ? [] : [`${leftOut.length - 1} more`])];
  const text = `${names.join(", ")} (not in ${oneLine(preset)})`;
  return [{ text, command: second === undefined ? first.command : first.command.replace(first.name, "NAME") }];
}

function beyond({ experiments, results: { targets, cells } }: ReportView): string[] {
  const isNear = targets.every(({ system }) => system.kind !== "external" || loopback.test(system.url));
  const isPlain =
    tlsOf(cells).length === 0 &&
    targets.every(
      ({ options, system }) => options.tls === undefined && !(system.kind === "external" && secured.test(system.url)),
    );
  const isOwn = targets.every(({ system }) => system.kind === "embedded" || system.kind === "cluster");
  // Memory at rest is measured nearby, whatever the others cross.
  const isLinked = cells.some(({ parameters }) => parameters.link !== undefined);
  const isCluster = cells.some(({ parameters }) => parameters.nodes !== undefined);
  if (isCluster) {
    const isSplit = experiments.some(({ info }) => info.name.includes("partition"));
    return [
      "distance",
      "packet loss",
      "failing machines",
      ...(isSplit ? [] : ["a split network"]),
      ...(isPlain ? ["TLS"] : []),
    ];
  }
  return [
    ...(isNear ? [isLinked ? "a real network (the link is emulated)" : "distance and loss (one machine)"] : []),
    ...(isPlain ? ["TLS"] : []),
    "browsers",
    ...(isOwn ? ["servers of others"] : []),
  ];
}
