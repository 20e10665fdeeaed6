/** What it takes until the first message may be sent, by every way to log in. */
import { type MetricName, metricNamed } from "../../results/metrics/metrics.ts";
import { estimateOf } from "../../results/summary/estimate.ts";
import { right } from "../text/table.ts";
import { middleOf } from "../view/shown-estimate.ts";
import type { CellView, ReportView } from "../view/view.ts";
import { formatCell, signed } from "./compact.ts";
import type { ScreenPart } from "./screen-table.ts";
import { shortNamesOf } from "./short-names.ts";

const columns: readonly (readonly [title: string, metric: MetricName])[] = [
  ["p50", "loginP50Us"],
  ["turns", "loginRoundTrips"],
  ["client", "clientCpuUsPerLogin"],
  ["server", "serverCpuUsPerLogin"],
  ["bytes", "loginWireBytes"],
];

/** Undefined where no login was measured. */
export function loginPart({ experiments }: ReportView): ScreenPart | undefined {
  const cells = (experiments.find(({ info }) => info.name === "login")?.cells ?? [])
    .filter(({ cell }) => cell.state === "measured")
    .map((view) => ({ view, name: nameOf(view), middle: middleOf(view, "loginP50Us") ?? Number.POSITIVE_INFINITY }))
    .sort((a, b) => (a.middle === b.middle ? 0 : a.middle - b.middle));
  if (cells.length === 0) return undefined;
  const short = shortNamesOf(cells.map(({ name }) => name));
  const most = Math.max(...cells.flatMap(({ middle }) => (Number.isFinite(middle) ? middle : [])));
  const table = {
    subject: "login",
    columns: columns.map(([title]) => right(title)),
    rows: cells.map(({ view, name, middle }) => ({
      name,
      shortName: short.get(name)!,
      bar: Number.isFinite(middle) && most > 0 ? { share: middle / most, isCut: false, isBound: false } : undefined,
      cells: columns.map(([, metric]) => ({ text: textOf(view, metric) })),
    })),
    legend: [
      {
        text: "p50: until the first message may be sent; turns: round trips above TCP; client, server: CPU of a login",
      },
    ],
  };
  return { table, sure: [] };
}

const nameOf = ({ cell, target }: CellView): string =>
  cell.variant === undefined ? target.title : `${target.label} ${cell.variant}`;

function textOf({ cell }: CellView, metric: MetricName): string {
  const estimate = estimateOf(cell, metric);
  if (estimate.kind !== "value") return "–";
  return signed(estimate.bound, formatCell(estimate.interval.value, metricNamed(metric).unit));
}
