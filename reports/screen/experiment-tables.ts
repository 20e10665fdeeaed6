/** Experiments that nothing else on a screen tells of: a row per cell, with the numbers that answer the question. */
import { formatList, formatQuantity } from "../../results/quantities/format.ts";
import { type Estimate, estimateOf } from "../../results/summary/estimate.ts";
import { oneLine } from "../text/markdown.ts";
import { right } from "../text/table.ts";
import { widthOf } from "../text/wrap.ts";
import { type Decides, type DecidingColumn, decidingIn } from "../view/deciding.ts";
import { middleOf } from "../view/shown-estimate.ts";
import type { CellView, ExperimentView, ReportView } from "../view/view.ts";
import { barsOf } from "./bars.ts";
import { formatCell, signed } from "./compact.ts";
import { estimateCell, signsIn } from "./estimate-cell.ts";
import { literatureTable } from "./literature.ts";
import { proxyTable } from "./proxy.ts";
import type { ScreenCell, ScreenPart, ScreenTable } from "./screen-table.ts";
import { withoutLastWords } from "./short-names.ts";

/** More are named: each is in the report. */
const tablesMax = 2;
/** As many as leave room on a screen for what is said of them. */
const rowsMax = 16;

/** Whose numbers stand in a table of their own kind. */
const toldElsewhere: ReadonlySet<string> = new Set(["echo", "profile", "broker-kill", "node-partition"]);

/** Of those that are no number beside a number. */
const ownTables: Readonly<Record<string, (view: ReportView, experiment: ExperimentView) => ScreenTable | undefined>> = {
  proxy: (_view, experiment) => proxyTable(experiment),
  literature: literatureTable,
};

/** At most a few tables, and where there are others. */
export function experimentParts(view: ReportView): ScreenPart[] {
  // What many experiments on a cluster come to is advice, and one table of its brokers.
  const isOfMany = view.experiments.length > tablesMax;
  const told = view.experiments.flatMap((experiment) => {
    const { name } = experiment.info;
    if (toldElsewhere.has(name) || (isOfMany && isOnCluster(experiment))) return [];
    const decides = decidingIn(name);
    const own = Object.hasOwn(ownTables, name) ? ownTables[name]!(view, experiment) : undefined;
    const table = own ?? (decides && tableOf(experiment, decides));
    return table === undefined ? [] : [{ table, name: oneLine(name) }];
  });
  const left = told.slice(tablesMax).map(({ name }) => name);
  return [
    ...told.slice(0, tablesMax).map(({ table }) => ({ table, sure: [] })),
    ...(left.length === 0
      ? []
      : [{ sure: [], advice: [{ about: "More", text: `tables in the report: ${formatList(left)}.` }] }]),
  ];
}

const isOnCluster = ({ cells }: ExperimentView): boolean =>
  cells.some(({ cell }) => cell.parameters.nodes !== undefined);

function tableOf(experiment: ExperimentView, { columns, bestFirst, standsFor }: Decides): ScreenTable | undefined {
  const measured = experiment.cells.filter(({ cell }) => cell.state === "measured");
  const filled = columns.filter(({ metric, never }) =>
    measured.some((view) => isKnown(view, metric.name) || (never !== undefined && middleOf(view, never) === 1)),
  );
  const [lead] = filled;
  if (lead === undefined) return undefined;
  const telling = standsFor === undefined ? measured : tellingCells(measured, standsFor);
  const { common, partsOf } = namesOf(telling);
  const ofOne = new Set(telling.map(({ cell }) => cell.target)).size === 1;
  const isSorted = bestFirst === true || telling.every((view) => partsOf(view).length === 0);
  const shown = (isSorted ? sortedBy(telling, lead) : telling).slice(0, rowsMax);
  const estimates = shown.map((view) => filled.map(({ metric }) => estimateOf(view.cell, metric.name)));
  const bars = isSorted
    ? barsOf(
        estimates.map(([first]) => first!),
        bestFirst === true ? Number.POSITIVE_INFINITY : undefined,
      )
    : [];
  return {
    subject: common ?? (ofOne && partsOf(shown[0]!).length > 0 ? "variant" : "target"),
    columns: filled.map(({ word }) => right(word)),
    rows: shown.map((view, index) => {
      const parts = partsOf(view);
      const label = oneLine(view.target.label);
      const [title, short] = ofOne && parts.length > 0 ? [[], []] : [[oneLine(view.target.title)], [label]];
      return {
        name: [...title, ...parts].join(", "),
        shortName: withoutLastWords([...short, ...parts].join(" "), shortWidth),
        bar: bars[index],
        cells: filled.map((column, place) => cellOf(view, column, estimates[index]![place]!)),
      };
    }),
    legend: [
      ...filled.flatMap(({ word, metric: { title } }) =>
        word === title ? [] : [{ text: `${word}: ${title}`, column: word }],
      ),
      ...signsIn(estimates.flat()),
      ...(shown.length < measured.length ? [{ text: leftOut(shown, measured, standsFor) }] : []),
    ],
  };
}

const isKnown = ({ cell }: CellView, metric: DecidingColumn["metric"]["name"]): boolean =>
  estimateOf(cell, metric).kind !== "absent";

function cellOf(view: CellView, { metric: { unit }, never }: DecidingColumn, estimate: Estimate): ScreenCell {
  if (never !== undefined && middleOf(view, never) === 1) return { text: "never", tone: "bad" };
  return estimateCell(estimate, ({ interval: { value }, bound }) =>
    signed(bound, unit === "memory" ? formatQuantity(value, unit) : formatCell(value, unit)),
  );
}

function sortedBy(cells: readonly CellView[], { metric }: DecidingColumn): CellView[] {
  const sign = metric.better === "higher" ? -1 : 1;
  const key = (view: CellView): number => {
    const middle = middleOf(view, metric.name);
    return middle === undefined ? Number.POSITIVE_INFINITY : sign * middle;
  };
  return [...cells].sort((a, b) => (key(a) === key(b) ? 0 : key(a) - key(b)));
}

type StandsFor = NonNullable<Decides["standsFor"]>;

function sizeOf({ cell: { parameters } }: CellView, { size }: StandsFor): number {
  const value = size === "payload" ? parameters.payloadBytes : parameters.settings[size];
  return typeof value === "number" ? value : 0;
}

/** Of cells that differ in nothing but the size, one. */
function tellingCells(cells: readonly CellView[], standsFor: StandsFor): CellView[] {
  const alike = Map.groupBy(cells, ({ cell: { target, parameters } }) => {
    const { [standsFor.size]: _, ...others } = parameters.settings;
    return JSON.stringify([target, others]);
  });
  const telling = new Set(
    [...alike.values()].flatMap((own) => {
      const sorted = own.toSorted((a, b) => sizeOf(a, standsFor) - sizeOf(b, standsFor));
      const places = { smallest: 0, middle: Math.floor((sorted.length - 1) / 2), largest: sorted.length - 1 };
      return sorted[places[standsFor.which]] ?? [];
    }),
  );
  return cells.filter((view) => telling.has(view));
}

function leftOut(shown: readonly CellView[], all: readonly CellView[], standsFor: StandsFor | undefined): string {
  const which = standsFor === undefined ? "" : ` (the ${standsFor.which} of each)`;
  return `${shown.length} of ${all.length} cells${which}, all are in the report`;
}

const subjectWidthMax = 24;

/** What a variant has in common with all others heads the names; the rest tells its owner apart. */
function namesOf(cells: readonly CellView[]): { common: string | undefined; partsOf: (view: CellView) => string[] } {
  const wordsIn = ({ cell: { variant } }: CellView): string[] =>
    variant === undefined ? [] : oneLine(variant).split(", ");
  const shared = wordsIn(cells[0]!).filter((word) => cells.every((view) => wordsIn(view).includes(word)));
  const common = shared.join(", ");
  return {
    common: common === "" || widthOf(common) > subjectWidthMax ? undefined : common,
    partsOf: (view) => wordsIn(view).filter((word) => !shared.includes(word)),
  };
}

const shortWidth = 42;
