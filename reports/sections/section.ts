import { type MetricName, metricNamed } from "../../results/metrics/metrics.ts";
import { estimateOf } from "../../results/summary/estimate.ts";
import type { Chart } from "../charts/chart.ts";
import { escapeText } from "../text/markdown.ts";
import { Notes } from "../text/notes.ts";
import { type Column, left, renderMarkdownTable, right, type Table } from "../text/table.ts";
import { comparisonOf, showEstimate } from "../view/shown-estimate.ts";
import { formatRatio } from "../view/verdict-in-words.ts";
import type { ExperimentView, ReportView, TargetRow } from "../view/view.ts";

/** A part of a report; its charts are referred to from its markdown. */
export interface Section {
  readonly markdown: string;
  readonly charts: readonly Chart[];
}

/** A section looks at the whole of the results; undefined where it has nothing to say. */
export type SectionWriter = (view: ReportView) => Section | undefined;

export const textSection = (markdown: string): Section => ({ markdown, charts: [] });

/** Several sections as one; undefined where there is none. */
export function joinSections(sections: readonly Section[]): Section | undefined {
  if (sections.length === 0) return undefined;
  return {
    markdown: sections.map(({ markdown }) => markdown).join("\n\n"),
    charts: sections.flatMap(({ charts }) => charts),
  };
}

/** A table whose cells may refer to remarks, which stand below it. */
export function notedTable(make: (notes: Notes) => Table): string {
  const notes = new Notes();
  const table = renderMarkdownTable(make(notes));
  const remarks = notes.render();
  return remarks === "" ? table : `${table}\n\n${remarks}`;
}

/** A column of a table with one row per target. */
export interface TargetColumn {
  readonly title: string;
  readonly show: (row: TargetRow, notes: Notes) => string;
  readonly align?: Column["align"];
}

/** A metric with its interval. */
export const metricColumn = (scenario: string, metric: MetricName, title?: string): TargetColumn => ({
  title: title ?? metricNamed(metric).title,
  show: (row, notes) =>
    showEstimate(estimateOf(row.cells.get(scenario), metric), metricNamed(metric).unit, notes, escapeText),
});

/** A delay as a multiple of the round-trip time of the link it crossed. */
export const roundTripsColumn = (scenario: string, metric: MetricName, title: string): TargetColumn => ({
  title,
  show(row, notes) {
    const cell = row.cells.get(scenario);
    const estimate = estimateOf(cell, metric);
    const rttUs = (cell?.parameters.link?.rttMs ?? 0) * 1000;
    if (rttUs === 0) return "–";
    if (estimate.kind !== "value") return showEstimate(estimate, metricNamed(metric).unit, notes, escapeText);
    const { value, low, high } = estimate.interval;
    return showEstimate(
      { ...estimate, interval: { value: value / rttUs, low: low / rttUs, high: high / rttUs } },
      "ratio",
      notes,
      escapeText,
    );
  },
});

const bothBounds = "no ratio: this rate or delay and that of the reference are both bounds set by the load generator";

/** A metric as a multiple of the reference's. */
export const ratioColumn = (view: ReportView, scenario: string, metric: MetricName, title: string): TargetColumn => ({
  title,
  show(row, notes) {
    if (row === view.reference) return estimateOf(row.cells.get(scenario), metric).kind === "value" ? "1" : "–";
    const comparison = comparisonOf(view, row, scenario, metric);
    if (comparison !== undefined) return formatRatio(comparison);
    const estimate = estimateOf(row.cells.get(scenario), metric);
    const comparable = estimate.kind === "value" && estimate.bound !== undefined;
    return comparable ? `–${notes.mark(bothBounds)}` : "–";
  },
});

/** A table with one row per target and its notes below. */
export const targetTable = (rows: readonly TargetRow[], columns: readonly TargetColumn[]): string =>
  notedTable((notes) => ({
    columns: [left("Target"), ...columns.map(({ title, align }) => (align === "left" ? left(title) : right(title)))],
    rows: rows.map((row) => [escapeText(row.name), ...columns.map(({ show }) => show(row, notes))]),
  }));

export const rowsOf = (view: ReportView, scenario: string): TargetRow[] =>
  view.rows.filter(({ cells }) => cells.has(scenario));

/** Targets one of whose traits makes them behave in a way worth explaining. */
export const rowsThat = (rows: readonly TargetRow[], downlink: TargetRow["info"]["downlink"]): TargetRow[] =>
  rows.filter(({ info }) => info.downlink === downlink);

/** What the cells of an experiment are, as the first column of a table is headed. */
export const cellsAre = ({ cells }: ExperimentView): string =>
  cells.every(({ cell }) => cell.variant === undefined) ? "Target" : "Variant";

/** `reordered` as a column heads it. */
export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
