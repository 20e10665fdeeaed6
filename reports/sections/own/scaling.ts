import type { Interval } from "../../../results/contract/results.ts";
import { formatInterval, formatList, formatQuantity, plural } from "../../../results/quantities/format.ts";
import { scalingCaution } from "../../../results/statistics/scalability.ts";
import { signOf } from "../../../results/summary/estimate.ts";
import { exactPoints, type ScalingFit, scalingExperiment, scalingFits } from "../../../results/summary/scaling.ts";
import { intervalOf } from "../../../results/summary/summary.ts";
import { type Chart, showCharts } from "../../charts/chart.ts";
import { scalingChart } from "../../charts/scaling.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { left, right } from "../../text/table.ts";
import type { ReportView } from "../../view/view.ts";
import { notedTable } from "../section.ts";
import type { OwnSection } from "./own-section.ts";

/** Deliveries per second against nodes, and the law that describes them, where there is one. */
export const scalingSection: OwnSection = {
  experiments: [scalingExperiment],
  write(view) {
    const fits = scalingFits(view.results.cells);
    if (fits.length === 0) return undefined;
    const why = whyNoChart(view, fits);
    const charts = [why === undefined ? scalingChart(view, fits) : undefined].filter((chart) => chart !== undefined);
    return { markdown: describe(view, fits, charts, why), charts };
  },
};

/** Nodes that share a core cannot add to each other, and bounds make no curve: it would be one of the machine. */
function whyNoChart({ results: { environment } }: ReportView, fits: readonly ScalingFit[]): string | undefined {
  const nodesMax = Math.max(...fits.flatMap(({ points }) => points.map(({ nodes }) => nodes)));
  if (nodesMax > environment.cores) {
    return `There is no curve of these: more nodes than the ${plural(environment.cores, "core")} of this machine share cores, so it would show the machine and not the cluster.`;
  }
  const counts = fits.map(({ points }) => new Set(exactPoints(points).map(({ nodes }) => nodes)).size);
  return Math.max(...counts) > 1
    ? undefined
    : "There is no curve of these: no broker has two points that are no bounds.";
}

function describe(
  view: ReportView,
  fits: readonly ScalingFit[],
  charts: readonly Chart[],
  whyNone: string | undefined,
): string {
  return blocks(
    "#### Deliveries per second by number of nodes",
    pointsTable(view, fits),
    charts.length > 0 ? showCharts(charts) : whyNone,
    fitTable(view, fits),
    bullets([
      ...(fits.some(({ fit }) => fit !== undefined) ? [law] : []),
      "**≥** is a lower bound: the users, the machine's cores or the number of messages in flight were the limit, and no node, broker or load balancer. No law is fitted to bounds; what can be told all the same is what a delivery costs the nodes in CPU time.",
    ]),
  );
}

const undescribed = "the law does not describe these points";

const law =
  "The **Universal Scalability Law** (Gunther 2007): X(N) = λN / (1 + σ(N − 1) + κN(N − 1)). **λ** is what one node does alone, **contention σ** the share of the work that only one can do at a time, which flattens the curve, **coherency κ** what it costs that nodes must agree, which bends it down. An interval that reaches 0 means that this run does not show the effect.";

function pointsTable({ brokerTitle }: ReportView, fits: readonly ScalingFit[]): string {
  const counts = [...new Set(fits.flatMap(({ points }) => points.map(({ nodes }) => nodes)))].sort((a, b) => a - b);
  const at = ({ points }: ScalingFit, nodes: number): (Interval & { sign: string; isBound: boolean }) | undefined => {
    const own = points.filter((point) => point.nodes === nodes);
    if (own.length === 0) return undefined;
    const values = own.map((point) => point.deliveriesPerSecond);
    const isBound = own.some((point) => point.isBound);
    return { ...intervalOf(values, "perSecond"), isBound, sign: signOf(isBound ? "at-least" : undefined) };
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
      // Over a bound nothing is known, and what is a bound itself is one of the ratio.
      const ratio =
        first && last && first.value > 0 && !first.isBound
          ? `${last.sign}${formatQuantity(last.value / first.value, "ratio")}`
          : "–";
      return [
        escapeText(brokerTitle(fit.broker)),
        ...counts.map((nodes) => {
          const found = at(fit, nodes);
          return found === undefined ? "–" : `${found.sign}${formatInterval(found, "perSecond")}`;
        }),
        ...(counts.length > 1 ? [ratio] : []),
      ];
    }),
  }));
}

function fitTable({ brokerTitle }: ReportView, fits: readonly ScalingFit[]): string {
  if (fits.every(({ fit }) => fit === undefined)) {
    const reasons = [...Map.groupBy(fits, ({ reason = undescribed }) => reason)];
    return reasons
      .map(
        ([reason, own]) =>
          `No law for ${escapeText(formatList(own.map(({ broker }) => brokerTitle(broker))))}: ${escapeText(reason)}.`,
      )
      .join(" ");
  }
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
        const mark = notes.mark(escapeText(reason ?? undescribed));
        return [title, `–${mark}`, "–", "–", "–", "–"];
      }
      const caution = scalingCaution(exactPoints(points));
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
