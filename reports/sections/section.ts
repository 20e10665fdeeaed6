import type { ScenarioName } from "../../results/contract/results.ts";
import { metricNamed } from "../../results/metrics/metrics.ts";
import { formatInterval } from "../../results/quantities/format.ts";
import { readMetric, signOf } from "../../results/summary/reading.ts";
import type { Chart } from "../charts/chart.ts";
import { escapeText } from "../text/markdown.ts";
import { Notes } from "../text/notes.ts";
import { type Column, left, renderMarkdownTable, right } from "../text/table.ts";
import { comparisonOf, showReading } from "../view/shown-reading.ts";
import type { ReportView, TargetRow } from "../view/view.ts";

/** A part of a report; its charts are referred to from its markdown. */
export interface Section {
  readonly markdown: string;
  readonly charts: readonly Chart[];
}

/** A section looks at the whole of the results; undefined where it has nothing to say. */
export type SectionWriter = (view: ReportView) => Section | undefined;

export const textSection = (markdown: string): Section => ({ markdown, charts: [] });

/** A column of a table with one row per target. */
export interface TargetColumn {
  readonly title: string;
  readonly show: (row: TargetRow, notes: Notes) => string;
  readonly align?: Column["align"];
}

/** A metric with its interval. */
export const metricColumn = (scenario: ScenarioName, metric: string, title?: string): TargetColumn => ({
  title: title ?? metricNamed(metric).title,
  show: (row, notes) =>
    showReading(readMetric(row.cells.get(scenario), metric), metricNamed(metric).unit, notes, escapeText),
});

const bothBounds = "no ratio: this rate or delay and that of the reference are both bounds set by the load generator";

/** A metric as a multiple of the reference's. */
export const ratioColumn = (view: ReportView, scenario: ScenarioName, metric: string, title: string): TargetColumn => ({
  title,
  show(row, notes) {
    if (row === view.reference) return readMetric(row.cells.get(scenario), metric).kind === "value" ? "1" : "–";
    const comparison = comparisonOf(view, row, scenario, metric);
    if (comparison !== undefined) return `${signOf(comparison.bound)}${formatInterval(comparison.ratio, "ratio")}`;
    const reading = readMetric(row.cells.get(scenario), metric);
    const comparable = reading.kind === "value" && reading.bound !== undefined;
    return comparable ? `–${notes.mark(bothBounds)}` : "–";
  },
});

/** A table with one row per target and its notes below. */
export function targetTable(rows: readonly TargetRow[], columns: readonly TargetColumn[]): string {
  const notes = new Notes();
  const table = renderMarkdownTable({
    columns: [left("Target"), ...columns.map(({ title, align }) => (align === "left" ? left(title) : right(title)))],
    rows: rows.map((row) => [escapeText(row.name), ...columns.map(({ show }) => show(row, notes))]),
  });
  const remarks = notes.render();
  return remarks === "" ? table : `${table}\n\n${remarks}`;
}

export const rowsOf = (view: ReportView, scenario: ScenarioName): TargetRow[] =>
  view.rows.filter(({ cells }) => cells.has(scenario));

/** Targets one of whose traits makes them behave in a way worth explaining. */
export const rowsThat = (rows: readonly TargetRow[], downlink: "stream" | "held-request" | "polled"): TargetRow[] =>
  rows.filter(({ info }) => info?.downlink === downlink);
