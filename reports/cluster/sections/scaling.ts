import type { ScalingFit } from "../../../results/contract/cluster-results.ts";
import type { Interval } from "../../../results/contract/results.ts";
import { formatInterval, formatList, formatQuantity } from "../../../results/quantities/format.ts";
import { median } from "../../../results/statistics/moments.ts";
import { scalingCaution } from "../../../results/statistics/scalability.ts";
import { showCharts } from "../../charts/chart.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { left, right } from "../../text/table.ts";
import type { ClusterView } from "../../view/cluster-view.ts";
import { scalingChart } from "../charts/scaling.ts";
import { notedTable, type Section } from "./section.ts";

/** Deliveries per second against nodes, and the law that describes them, where there is one. */
export function scalingLaw(view: ClusterView): Section | undefined {
  const { scaling } = view.results;
  if (scaling.length === 0) return undefined;
  const charts = [scalingChart(view)].filter((chart) => chart !== undefined);
  const markdown = blocks(
    "### Deliveries per second by number of nodes",
    pointsTable(view),
    showCharts(charts),
    fitTable(view),
    "#### How to read this",
    bullets([
      "The **Universal Scalability Law** (Gunther 2007) says X(N) = λN / (1 + σ(N − 1) + κN(N − 1)). **λ** is what one node would do alone. **Contention σ** is the share of the work that only one can do at a time: with σ alone, throughput flattens. **Coherency κ** is what it costs that each node must agree with each other one: with κ above 0, throughput has a peak and then falls.",
      "Brackets of the fit are its 95 % interval: how far the numbers could lie elsewhere with these few points. An interval of σ or κ that reaches 0 means that this run does not show the effect, not that there is none. The worst residual is how far the curve misses a point, as a share of it.",
      ...generatorNote(view),
      "On one machine, cores that are used up look like contention: σ here is that of the program and of the machine together.",
    ]),
  );
  return { markdown, charts };
}

/** A point that the users' process set says nothing about the nodes, but the fit cannot know. */
function generatorNote({ groups }: ClusterView): string[] {
  const arms = groups.flatMap(({ name, experiments }) =>
    name === "scaling" ? experiments.flatMap((experiment) => experiment.arms) : [],
  );
  const bound = arms.filter(({ cell }) => cell.state === "measured" && cell.validity.verdict === "generator-bound");
  if (bound.length === 0) return [];
  return [
    `With ${escapeText(formatList(bound.map(({ name }) => name)))} the process that is the users was the limit: those throughputs are lower bounds, and a fit to them describes that process as much as the cluster.`,
  ];
}

function pointsTable({ results: { scaling }, brokerTitle }: ClusterView): string {
  const counts = [...new Set(scaling.flatMap(({ points }) => points.map(({ nodes }) => nodes)))].sort((a, b) => a - b);
  const at = ({ points }: ScalingFit, nodes: number): Interval | undefined => {
    const values = points.filter((point) => point.nodes === nodes).map((point) => point.deliveriesPerSecond);
    if (values.length === 0) return undefined;
    return { value: median(values), low: Math.min(...values), high: Math.max(...values) };
  };
  const [fewest, most] = [counts[0]!, counts.at(-1)!];
  return notedTable(() => ({
    columns: [
      left("Broker"),
      ...counts.map((nodes) => right(`${nodes} ${nodes === 1 ? "node" : "nodes"}`)),
      ...(counts.length > 1 ? [right(`${most} over ${fewest}`)] : []),
    ],
    rows: scaling.map((fit) => {
      const [first, last] = [at(fit, fewest), at(fit, most)];
      const ratio = first && last && first.value > 0 ? formatQuantity(last.value / first.value, "ratio") : "–";
      return [
        escapeText(brokerTitle(fit.broker)),
        ...counts.map((nodes) => {
          const found = at(fit, nodes);
          return found === undefined ? "–" : formatInterval(found, "perSecond");
        }),
        ...(counts.length > 1 ? [ratio] : []),
      ];
    }),
  }));
}

function fitTable({ results: { scaling }, brokerTitle }: ClusterView): string {
  return notedTable((notes) => ({
    columns: [
      left("Broker"),
      right("λ per node"),
      right("Contention σ"),
      right("Coherency κ"),
      right("Peak at"),
      right("Worst residual"),
    ],
    rows: scaling.map(({ broker, points, fit, reason }) => {
      const title = escapeText(brokerTitle(broker));
      if (fit === undefined) {
        const mark = notes.mark(escapeText(reason ?? "the law does not describe these points"));
        return [title, `–${mark}`, "–", "–", "–", "–"];
      }
      const caution = scalingCaution(points);
      return [
        `${title}${caution === undefined ? "" : notes.mark(caution)}`,
        formatInterval(fit.perNodePerSecond, "perSecond"),
        formatInterval(fit.contention, "share"),
        formatInterval(fit.coherency, "share"),
        fit.peakNodes === undefined ? "none" : `${Number(fit.peakNodes.toPrecision(2))} nodes`,
        formatQuantity(fit.worstResidualShare, "share"),
      ];
    }),
  }));
}
