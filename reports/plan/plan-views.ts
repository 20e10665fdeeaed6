/** A capacity plan as text, as markdown and as data for other programs. */

import type { Results } from "../../results/contract/results.ts";
import { costMetricEntry } from "../../results/metrics/cost-metrics.ts";
import { formatCount, formatInterval } from "../../results/quantities/format.ts";
import { scalingFits } from "../../results/summary/scaling.ts";
import { blocks, bullets, escapeText } from "../text/markdown.ts";
import { left, renderMarkdownTable, renderPlainTable, right, type Table } from "../text/table.ts";
import type { Plan, PlanRow } from "./plan.ts";
import { coresInWords, figure, memoryInWords, number, percent } from "./plan-figures.ts";
import { basisInWords, planAssumptions, planWarnings, type Warning } from "./plan-warnings.ts";

/** Where the costs come from, for the reader. */
export interface PlanSource {
  readonly file: string;
  readonly results: Pick<Results, "tool" | "startedAt" | "environment" | "cells">;
}

const groups = ["Load", "Nodes", "Broker", "Load balancer", "Network", "With channels"] as const;

export function renderPlanText(plan: Plan, source: PlanSource): string {
  const plain = (text: string): string => text;
  return blocks(
    headline(plan),
    warningsOf(plan, source)
      .filter(({ severity }) => severity === "loud")
      .map(({ message }) => `!! ${message}`)
      .join("\n"),
    renderPlainTable(resultTable(plan, plain)),
    `How it is worked out\n${rowsOf(plan)
      .map((row) => `  ${nameOf(row)} = ${workedOut(row)}`)
      .join("\n")}`,
    `Measured costs, ${origin(source)}\n${renderPlainTable(inputTable(plan, plain))}`,
    `Remarks\n${remarks(plan, source)
      .map((line) => `  - ${line}`)
      .join("\n")}`,
  );
}

export function renderPlanMarkdown(plan: Plan, source: PlanSource): string {
  return blocks(
    `# wirebench: capacity plan`,
    escapeText(headline(plan)),
    bullets(
      warningsOf(plan, source)
        .filter(({ severity }) => severity === "loud")
        .map(({ message }) => `**${escapeText(message)}**`),
    ),
    renderMarkdownTable(resultTable(plan, escapeText)),
    "## How it is worked out",
    bullets(rowsOf(plan).map((row) => escapeText(`${nameOf(row)} = ${workedOut(row)}`))),
    "## Measured costs",
    escapeText(`${origin(source)}.`),
    renderMarkdownTable(inputTable(plan, escapeText)),
    "## Remarks",
    bullets(remarks(plan, source).map(escapeText)),
  );
}

export function planAsData(plan: Plan, source: PlanSource) {
  const { tool, startedAt, environment } = source.results;
  return {
    request: plan.request,
    broker: plan.model.broker,
    protocol: plan.model.protocol,
    source: { file: source.file, tool, startedAt, cpu: environment.cpu, cores: environment.cores },
    measuredRange: plan.model.range,
    inputs: plan.inputs.map(({ metric, ...input }) => ({ metric, unit: costMetricEntry(metric).unit, ...input })),
    results: plan.rows,
    warnings: warningsOf(plan, source),
    assumptions: planAssumptions(plan),
  };
}

const warningsOf = (plan: Plan, { results }: PlanSource): Warning[] => planWarnings(plan, scalingFits(results.cells));

function headline({ request, model, sizing }: Plan): string {
  const { users, messagesPerUserPerSecond: perUser, fanout, payloadBytes } = request;
  const asked = `${formatCount(users)} users, ${number(perUser)} messages/s each, ${formatCount(fanout)} recipients each, ${formatCount(payloadBytes)} B; nodes of ${coresInWords(request.nodeCores)} and ${memoryInWords(request.nodeMemoryBytes)}, ${percent(request.cpuTarget)} and ${percent(request.memoryTarget)} of them in use; broker ${model.broker}`;
  const answer = Number.isFinite(sizing.nodes) ? figure(sizing.nodes, "nodes") : "no number of nodes is enough";
  return `${asked}: ${answer}`;
}

const rowsOf = ({ rows }: Plan): PlanRow[] =>
  groups.flatMap((group) => rows.filter((candidate) => candidate.group === group));

const nameOf = ({ group, title }: PlanRow): string => `${group}, ${title}`;

const workedOut = (row: PlanRow): string =>
  row.state === "known" ? `${row.formula} = ${figure(row.value, row.unit)}` : `unknown: ${row.why}`;

function resultTable(plan: Plan, escaped: (text: string) => string): Table {
  return {
    columns: [left("For"), left("What"), right("How much"), right("Lowest to highest costs"), left("Basis")],
    rows: rowsOf(plan).map((row) =>
      [
        row.group,
        row.title,
        row.state === "known" ? figure(row.value, row.unit) : "–",
        row.state === "known" ? ends(row) : "",
        row.state === "known" ? basisInWords(row.basis) : row.why,
      ].map(escaped),
    ),
  };
}

function ends({ value, low, high, unit }: Extract<PlanRow, { state: "known" }>): string {
  if (low === value && high === value) return "";
  const shown = (end: number | undefined): string => (end === undefined ? "none is enough" : figure(end, unit));
  return shown(low) === shown(high) ? "" : `${shown(low)} to ${shown(high)}`;
}

const inputTable = ({ inputs }: Plan, escaped: (text: string) => string): Table => ({
  columns: [left("Cost"), right("Median (95 % interval)"), right("Trials"), left("Cell"), left("Name")],
  rows: inputs.map(({ metric, interval, trials, cell }) => {
    const { title, unit } = costMetricEntry(metric);
    return [title, formatInterval(interval, unit), String(trials), cell, metric].map(escaped);
  }),
});

function origin({ file, results: { startedAt, environment, tool } }: PlanSource): string {
  return `from ${file}, started ${startedAt}, ${environment.cpu}, ${environment.cores} cores, ${tool.name} ${tool.version}`;
}

function remarks(plan: Plan, source: PlanSource): string[] {
  const { range } = plan.model;
  const notes = warningsOf(plan, source).filter(({ severity }) => severity === "note");
  const rates = range.publicationsPerSecond === undefined ? "" : `, ${number(range.publicationsPerSecond)} messages/s`;
  return [
    ...notes.map(({ message }) => message),
    `Measured with up to ${formatCount(range.users)} users on up to ${formatCount(range.nodes)} nodes${rates}.`,
    ...planAssumptions(plan),
  ];
}
