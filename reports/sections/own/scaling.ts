import type { Interval } from "../../../results/contract/results.ts";
import { formatInterval, formatList, formatQuantity, plural } from "../../../results/quantities/format.ts";
import { scalingCaution } from "../../../results/statistics/scalability.ts";
import { estimateOf } from "../../../results/summary/estimate.ts";
import { type ScalingFit, scalingExperiment, scalingFits } from "../../../results/summary/scaling.ts";
import { intervalOf } from "../../../results/summary/summary.ts";
import { type Chart, showCharts } from "../../charts/chart.ts";
import { scalingChart } from "../../charts/scaling.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { left, right } from "../../text/table.ts";
import type { ExperimentView, ReportView } from "../../view/view.ts";
import { notedTable } from "../section.ts";
import type { OwnSection } from "./own-section.ts";

/** Deliveries per second against nodes, and the law that describes them, where there is one. */
export const scalingSection: OwnSection = {
  experiments: [scalingExperiment],
  write(view, experiment) {
    const fits = scalingFits(view.results.cells);
    if (fits.length === 0) return undefined;
    const charts = [outnumbers(view, fits) ? undefined : scalingChart(view, fits)].filter(
      (chart) => chart !== undefined,
    );
    return { markdown: describe(view, experiment, fits, charts), charts };
  },
};

/** Nodes that share a core cannot add to each other: a curve through them is one of the machine. */
const outnumbers = ({ results: { environment } }: ReportView, fits: readonly ScalingFit[]): boolean =>
  fits.some(({ points }) => points.some(({ nodes }) => nodes > environment.cores));

function describe(
  view: ReportView,
  experiment: ExperimentView,
  fits: readonly ScalingFit[],
  charts: readonly Chart[],
): string {
  return blocks(
    "#### Deliveries per second by number of nodes",
    pointsTable(view, fits),
    charts.length > 0
      ? showCharts(charts)
      : `There is no curve of these: more nodes than the ${plural(view.results.environment.cores, "core")} of this machine share cores, so it would show the machine and not the cluster.`,
    fitTable(view, fits),
    "#### How to read this",
    bullets([
      "The **Universal Scalability Law** (Gunther 2007) says X(N) = λN / (1 + σ(N − 1) + κN(N − 1)). **λ** is what one node would do alone. **Contention σ** is the share of the work that only one can do at a time: with σ alone, throughput flattens. **Coherency κ** is what it costs that each node must agree with each other one: with κ above 0, throughput has a peak and then falls.",
      "Brackets of the fit are its 95 % interval: how far the numbers could lie elsewhere with these few points. An interval of σ or κ that reaches 0 means that this run does not show the effect, not that there is none. The largest residual is how far the curve misses the mean of a node count, as a share of it.",
      ...generatorNote(experiment),
      "On one machine, cores that are used up look like contention: σ here is that of the program and of the machine together.",
    ]),
  );
}

/** A point that the load generator set says nothing about the nodes, but the fit cannot know. */
function generatorNote({ cells }: ExperimentView): string[] {
  const bound = cells.filter(({ cell }) => {
    const estimate = estimateOf(cell, "deliveriesPerSecond");
    return estimate.kind === "value" && estimate.bound !== undefined;
  });
  if (bound.length === 0) return [];
  return [
    `With ${escapeText(formatList(bound.map(({ name }) => name)))} the load generator was the limit: those throughputs are lower bounds, and a fit to them describes the load generator as much as the cluster.`,
  ];
}

function pointsTable({ brokerTitle }: ReportView, fits: readonly ScalingFit[]): string {
  const counts = [...new Set(fits.flatMap(({ points }) => points.map(({ nodes }) => nodes)))].sort((a, b) => a - b);
  const at = ({ points }: ScalingFit, nodes: number): Interval | undefined => {
    const values = points.filter((point) => point.nodes === nodes).map((point) => point.deliveriesPerSecond);
    return values.length === 0 ? undefined : intervalOf(values, "perSecond");
  };
  const [fewest, most] = [counts[0]!, counts.at(-1)!];
  return notedTable(() => ({
    columns: [
      left("Broker"),
      ...counts.map((nodes) => right(`${nodes} ${nodes === 1 ? "node" : "nodes"}`)),
      ...(counts.length > 1 ? [right(`${most} over ${fewest}`)] : []),
    ],
    rows: fits.map((fit) => {
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

function fitTable({ brokerTitle }: ReportView, fits: readonly ScalingFit[]): string {
  return notedTable((notes) => ({
    columns: [
      left("Broker"),
      right("λ per node"),
      right("Contention σ"),
      right("Coherency κ"),
      right("Peak at"),
      right("Largest residual"),
    ],
    rows: fits.map(({ broker, points, fit, reason }) => {
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
