/** What happened in a cell, in order: the events as rules with labels over what users saw, on one clock. */
import type { TopLevelSpec } from "vega-lite";
import type { Event, Series } from "../../results/contract/results.ts";
import { formatQuantity } from "../../results/quantities/format.ts";
import { oneLine } from "../text/markdown.ts";
import type { CellView, ExperimentView } from "../view/view.ts";
import { type Chart, plotWidth, textSize, titleLines } from "./chart.ts";
import { plainColour } from "./colours.ts";
import type { FigureFile } from "./file-names.ts";
import { isOverTime, seconds, shownTrial, timeAxis, timePoints } from "./timeline.ts";

const labelLengthMax = 36;
const labelHeight = 20;
/** Room of a number above its rule. */
const numberWidth = 22;
/** More events than this hide what they explain. */
const eventsShownMax = 14;
const panelsMax = 3;

/** Told apart by their dashes. */
const dashes: Record<Event["kind"], readonly [number, number]> = {
  fault: [1, 0],
  action: [6, 3],
  observation: [2, 3],
};

interface LabelledEvent {
  readonly atMs: number;
  readonly kind: Event["kind"];
  /** By which its rule refers to its words. */
  readonly number: string;
  readonly text: string;
  /** Line of its number, 0 next to the panels. */
  readonly level: number;
}

/** Of the first trial of a cell; undefined without events or without anything to show below them. */
export function sequenceChart({ info }: ExperimentView, cell: CellView, file: FigureFile): Chart | undefined {
  const trial = shownTrial(cell);
  if (trial === undefined || trial.events.length === 0) return undefined;
  const panels = trial.series
    .filter((series) => isOverTime(series) && series.values.some((value) => value > 0))
    .slice(0, panelsMax);
  if (panels.length === 0) return undefined;
  const instants = [
    ...trial.events.map(({ atMs }) => atMs),
    ...panels.flatMap((series) => timePoints(series).map(({ atMs }) => atMs)),
  ];
  const domain: readonly [number, number] = [Math.min(...instants), Math.max(...instants)];
  const events = labelled(trial.events, domain);
  const left = trial.events.length - events.length;
  const inWords = (event: LabelledEvent): string => event.text.replace(/^\d+ +/, "");
  const [first, ...others] = events;
  const last = others.at(-1);
  return {
    file: file("sequence", cell.cell.variant ?? cell.name),
    alt: `${oneLine(info.title)}, ${cell.name}: ${inWords(first!)}${last === undefined ? "" : ` to ${inWords(last)}`}.`,
    spec: {
      title: {
        text: titleLines(`Sequence of events: ${cell.name}`),
        subtitle: [
          ...titleLines("solid: fault; dashed: what was done about it; dotted: what the users saw; first trial"),
          ...(left > 0 ? [`${left} more events are in results.json.`] : []),
        ],
      },
      spacing: 10,
      vconcat: [
        wordsLane(events),
        numbersLane(events, domain),
        ...panels.map((series, index) => panel(series, events, domain, index === panels.length - 1)),
      ],
    } as unknown as TopLevelSpec,
  };
}

function labelled(all: readonly Event[], [from, to]: readonly [number, number]): LabelledEvent[] {
  const kept = [...all]
    .sort((a, b) => Number(a.kind === "observation") - Number(b.kind === "observation"))
    .slice(0, eventsShownMax)
    .sort((a, b) => a.atMs - b.atMs);
  const place = (atMs: number): number => (to > from ? ((atMs - from) / (to - from)) * plotWidth : 0);
  const endOfLevel: number[] = [];
  return kept.map(({ atMs, kind, subject, what }, index) => {
    const x = place(atMs);
    const free = endOfLevel.findIndex((end) => end <= x);
    const level = free < 0 ? endOfLevel.length : free;
    endOfLevel[level] = x + numberWidth;
    const number = String(index + 1);
    return {
      atMs,
      kind,
      number,
      text: `${number}  ${clipped(oneLine(`${subject}: ${what}`))}, ${seconds(atMs)}`,
      level,
    };
  });
}

const clipped = (text: string): string =>
  text.length > labelLengthMax ? `${text.slice(0, labelLengthMax - 1).toWellFormed()}…` : text;

const timeScale = (domain: readonly [number, number]) => ({ domain: [...domain], nice: false });

/** The events in words, one below the other. */
function wordsLane(events: readonly LabelledEvent[]) {
  const height = events.length * labelHeight;
  return {
    width: plotWidth,
    height,
    data: { values: events.map(({ text }, index) => ({ text, y: height - (index + 0.5) * labelHeight })) },
    mark: { type: "text", align: "left", baseline: "middle" },
    encoding: {
      x: { value: 0 },
      y: { field: "y", type: "quantitative", scale: { domain: [0, height], nice: false }, axis: null },
      text: { field: "text" },
    },
  };
}

/** Their numbers, above the panels that their rules run through. */
function numbersLane(events: readonly LabelledEvent[], domain: readonly [number, number]) {
  const levels = Math.max(...events.map(({ level }) => level)) + 1;
  const height = levels * labelHeight;
  return {
    width: plotWidth,
    height,
    data: { values: events.map(({ level, ...event }) => ({ ...event, y: level * labelHeight + labelHeight / 2 })) },
    encoding: {
      x: { field: "atMs", type: "quantitative", scale: timeScale(domain), axis: null },
      y: { field: "y", type: "quantitative", scale: { domain: [0, height], nice: false }, axis: null },
    },
    layer: [
      { mark: { type: "rule", strokeWidth: 1.5 }, encoding: { y2: { datum: 0 }, strokeDash: kindDash } },
      { mark: { type: "text", align: "left", dx: 4, baseline: "middle" }, encoding: { text: { field: "number" } } },
    ],
  };
}

const kindNames = Object.keys(dashes) as Event["kind"][];

const kindDash = {
  field: "kind",
  type: "nominal",
  scale: { domain: kindNames, range: kindNames.map((kind) => dashes[kind]) },
  legend: null,
};

function panel(series: Series, events: readonly LabelledEvent[], domain: readonly [number, number], last: boolean) {
  const title = oneLine(series.title) || oneLine(series.name);
  const most = Math.max(...series.values);
  const x = {
    field: "atMs",
    type: "quantitative",
    scale: timeScale(domain),
    axis: timeAxis("time since the measurement began", last),
  };
  return {
    title: {
      text: titleLines(`${title}, at most ${formatQuantity(most, "count")}`),
      fontSize: textSize,
      fontWeight: "normal",
      offset: 4,
    },
    width: plotWidth,
    height: 90,
    layer: [
      {
        data: { values: timePoints(series) },
        mark: {
          type: "area",
          interpolate: "step-before",
          line: { strokeWidth: 1.5, color: plainColour },
          color: plainColour,
          fillOpacity: 0.18,
        },
        encoding: {
          x,
          y: {
            field: "value",
            type: "quantitative",
            scale: { domain: [0, most], nice: true },
            axis: { title: null, tickCount: 3, labelExpr: "format(datum.value, '~s')", minExtent: 44 },
          },
        },
      },
      {
        data: { values: events.map(({ atMs, kind }) => ({ atMs, kind })) },
        mark: { type: "rule", strokeWidth: 1.5 },
        encoding: { x, strokeDash: kindDash },
      },
    ],
  };
}
