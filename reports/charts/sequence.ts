/** What happened in a cell, in order: the events as rules with labels over what users saw, on one clock. */
import type { TopLevelSpec } from "vega-lite";
import type { Event, Series } from "../../results/contract/results.ts";
import { formatQuantity } from "../../results/quantities/format.ts";
import { oneLine } from "../text/markdown.ts";
import type { CellView, ExperimentView } from "../view/view.ts";
import type { Chart } from "./chart.ts";
import type { FigureFile } from "./file-names.ts";
import { isOverTime, seconds, shownTrial, timeAxis, timePoints } from "./timeline.ts";

const width = 560;
const letterWidth = 6.72;
const labelLengthMax = 48;
const labelHeight = 17;
/** More labels than this hide what they explain. */
const eventsShownMax = 14;
const panelsMax = 3;

/** Told apart by colour and by dash. */
const kinds: Record<Event["kind"], { readonly colour: string; readonly dash: readonly [number, number] }> = {
  fault: { colour: "#c2410c", dash: [1, 0] },
  action: { colour: "#0072b2", dash: [6, 3] },
  observation: { colour: "#59636e", dash: [2, 3] },
};

interface LabelledEvent {
  readonly atMs: number;
  readonly kind: Event["kind"];
  readonly text: string;
  /** Line of its label, 0 next to the panels. */
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
  const inWords = events.map(({ text }) => text).join("; ");
  return {
    file: file("sequence", cell.cell.variant ?? cell.name),
    alt: `Sequence of events of ${oneLine(info.title)}, ${cell.name}: ${inWords}.`,
    spec: {
      title: {
        text: `Sequence of events: ${cell.name}`,
        subtitle: [
          "solid: fault; dashed: what was done about it; dotted: what the users saw. First trial.",
          ...(left > 0 ? [`${left} more events are in results.json.`] : []),
        ],
      },
      spacing: 10,
      vconcat: [
        labelLane(events, domain),
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
  const place = (atMs: number): number => (to > from ? ((atMs - from) / (to - from)) * width : 0);
  const placed: { readonly x: number; readonly event: LabelledEvent }[] = [];
  // From the last to the first: a label stands above those of all events its text would cover, so that no rule
  // crosses a text.
  for (const { atMs, kind, subject, what } of kept.reverse()) {
    const text = `${clipped(oneLine(`${subject}: ${what}`))}, ${seconds(atMs)}`;
    const x = place(atMs);
    const end = x + text.length * letterWidth + 14;
    const covered = placed.filter((other) => other.x <= end).map((other) => other.event.level);
    placed.push({ x, event: { atMs, kind, text, level: covered.length === 0 ? 0 : Math.max(...covered) + 1 } });
  }
  return placed.map(({ event }) => event).reverse();
}

const clipped = (text: string): string =>
  text.length > labelLengthMax ? `${text.slice(0, labelLengthMax - 1).toWellFormed()}…` : text;

const timeScale = (domain: readonly [number, number]) => ({ domain: [...domain], nice: false });

function labelLane(events: readonly LabelledEvent[], domain: readonly [number, number]) {
  const levels = Math.max(...events.map(({ level }) => level)) + 1;
  const height = levels * labelHeight;
  return {
    width,
    height,
    data: { values: events.map(({ level, ...event }) => ({ ...event, y: level * labelHeight + labelHeight / 2 })) },
    encoding: {
      x: { field: "atMs", type: "quantitative", scale: timeScale(domain), axis: null },
      y: { field: "y", type: "quantitative", scale: { domain: [0, height], nice: false }, axis: null },
      color: kindColour,
    },
    layer: [
      {
        mark: { type: "rule", strokeWidth: 1.5 },
        encoding: { y2: { datum: 0 }, strokeDash: kindDash },
      },
      { mark: { type: "text", align: "left", dx: 5, baseline: "middle" }, encoding: { text: { field: "text" } } },
    ],
  };
}

const kindNames = Object.keys(kinds) as Event["kind"][];

const kindColour = {
  field: "kind",
  type: "nominal",
  scale: { domain: kindNames, range: kindNames.map((kind) => kinds[kind].colour) },
  legend: null,
};

const kindDash = {
  field: "kind",
  type: "nominal",
  scale: { domain: kindNames, range: kindNames.map((kind) => kinds[kind].dash) },
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
      text: `${title}, at most ${formatQuantity(most, "count")}`,
      fontSize: 13,
      fontWeight: "normal",
      offset: 4,
    },
    width,
    height: 90,
    layer: [
      {
        data: { values: timePoints(series) },
        mark: {
          type: "area",
          interpolate: "step-before",
          line: { strokeWidth: 1.5, color: "#0072b2" },
          color: "#0072b2",
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
        encoding: { x, color: kindColour, strokeDash: kindDash },
      },
    ],
  };
}
