/** Results in the shape reports ask for: experiments of cells, and one row per target for what compares targets. */
import { decideClaims } from "../../results/claims/claims.ts";
import { completeTrials, usable } from "../../results/contract/cells.ts";
import type { DecidedClaim } from "../../results/contract/claim.ts";
import type {
  BrokerInfo,
  Cell,
  ExperimentInfo,
  Prediction,
  Results,
  TargetInfo,
} from "../../results/contract/results.ts";
import { oneLine } from "../text/markdown.ts";

/** One cell, and how a report calls it among the others of its experiment. */
export interface CellView {
  readonly cell: Cell;
  /** Not escaped, short enough for a label. */
  readonly name: string;
  readonly target: TargetInfo;
  /** Place of its colour: that of its protocol, or of its broker where brokers are set side by side. */
  readonly position: number;
}

export interface ExperimentView {
  readonly info: ExperimentInfo;
  readonly cells: readonly CellView[];
}

/** `failed`: the system did not do what was expected; `not-measured`: nobody can say. */
export interface PredictionView {
  readonly experiment: ExperimentView;
  readonly cell: CellView;
  readonly prediction: Prediction;
  /** That of the results, but nothing is proved by a cell whose numbers must not be used. */
  readonly verdict: Prediction["verdict"];
}

/** A target with its cells that have no variant: what a table with one row per target shows. */
export interface TargetRow {
  readonly info: TargetInfo;
  /** As a report calls it, not escaped. */
  readonly name: string;
  /** By experiment. */
  readonly cells: ReadonlyMap<string, Cell>;
}

export interface ReportView {
  readonly results: Results;
  /** In report order, each with at least one cell. */
  readonly experiments: readonly ExperimentView[];
  readonly rows: readonly TargetRow[];
  /** The target that ratios refer to; undefined where nothing is compared. */
  readonly reference: TargetRow | undefined;
  readonly predictions: readonly PredictionView[];
  /** Decided anew, so that results of an earlier version are judged by the rules of this one. */
  readonly claims: readonly DecidedClaim[];
  /** Most complete trials any cell has. */
  readonly trials: number;
  brokerTitle(name: string): string;
}

export function viewOf(results: Results): ReportView {
  const infos = new Map(results.targets.map((info) => [info.label, info]));
  const brokers: readonly BrokerInfo[] = results.brokers ?? [];
  const brokerTitle = (name: string): string =>
    oneLine(brokers.find((broker) => broker.name === name)?.title ?? (name === "none" ? "no broker" : name));
  const cellView = (cell: Cell): CellView => {
    const target = infos.get(cell.target)!;
    const { broker } = cell.parameters;
    const place = brokers.findIndex(({ name }) => name === broker);
    const text =
      cell.variant === undefined ? target.title : cell.variant === broker ? brokerTitle(broker) : cell.variant;
    return { cell, name: labelOf(text), target, position: broker === undefined ? target.position : place + 1 };
  };
  const experiments = results.experiments
    .map((info) => ({
      info,
      cells: namedApart(results.cells.filter(({ scenario }) => scenario === info.name).map(cellView)),
    }))
    .filter(({ cells }) => cells.length > 0);
  const rows = results.targets
    .map((info): TargetRow => {
      const own = results.cells.filter((cell) => cell.target === info.label && cell.variant === undefined);
      return { info, name: oneLine(info.title), cells: new Map(own.map((cell) => [cell.scenario, cell])) };
    })
    .filter(({ cells }) => cells.size > 0);
  const reference = results.comparisons[0]?.reference;
  return {
    results,
    experiments,
    rows,
    reference: rows.find(({ info }) => info.label === reference),
    predictions: experiments.flatMap(predictionsOf),
    claims: decideClaims(
      results,
      results.claims.map(({ id }) => id),
    ),
    trials: Math.max(0, ...results.cells.map((cell) => (cell.state === "measured" ? completeTrials(cell).length : 0))),
    brokerTitle,
  };
}

/** Where variants of several targets are called alike, the target stands before the variant. */
function namedApart(cells: readonly CellView[]): CellView[] {
  const alike = Map.groupBy(cells, ({ name }) => name);
  const isShared = ({ name, cell }: CellView): boolean => cell.variant !== undefined && alike.get(name)!.length > 1;
  return cells.map((view) =>
    isShared(view) ? { ...view, name: labelOf(`${view.target.title}, ${view.name}`) } : view,
  );
}

const labelLengthMax = 60;

function labelOf(text: string): string {
  const line = oneLine(text);
  return line.length > labelLengthMax ? `${line.slice(0, labelLengthMax - 1).toWellFormed()}…` : line;
}

const predictionsOf = (experiment: ExperimentView): PredictionView[] =>
  experiment.cells.flatMap((cellView) => {
    const { cell } = cellView;
    if (cell.state !== "measured") return [];
    return cell.predictions.map((prediction) => ({
      experiment,
      cell: cellView,
      prediction,
      verdict: usable(cell) === undefined && prediction.verdict !== "cannot-tell" ? "not-measured" : prediction.verdict,
    }));
  });

/** Whether something was broken on purpose in the experiment. */
export const hasFault = ({ cells }: ExperimentView): boolean =>
  cells.some(
    ({ cell }) =>
      cell.state === "measured" && cell.trials.some(({ events }) => events.some(({ kind }) => kind === "fault")),
  );

/** Whether the experiment sets brokers side by side. */
export const comparesBrokers = ({ cells }: ExperimentView): boolean =>
  new Set(cells.flatMap(({ cell }) => cell.parameters.broker ?? [])).size > 1;

/** Whether the target is the floor with the server this project brings. */
export const isFloor = (row: TargetRow | undefined): boolean =>
  row?.info.floor === true && row.info.system.kind === "embedded";

/** What ratios are called: the bare TCP target is the floor every other protocol stands on. */
export const referenceTitle = ({ reference }: ReportView): string =>
  isFloor(reference) ? "floor" : (reference?.name ?? "");

/** `3`, or `1 to 3` where some cells have fewer than others. */
export function trialsInWords({ results, trials }: ReportView): string {
  const counts = results.cells.flatMap((cell) => (cell.state === "measured" ? completeTrials(cell).length : []));
  const least = Math.min(trials, ...counts.filter((count) => count > 0));
  return least < trials ? `${least} to ${trials}` : trials.toString();
}
