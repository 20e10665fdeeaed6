/** From what a command asks for to cells: experiments with a request each, which may differ from part to part. */
import { cellKey } from "../../results/contract/cells.ts";
import type { CellPlan, Experiment } from "../experiments/contract/experiment.ts";
import type { RunRequest } from "../experiments/contract/request.ts";
import type { PlannedCell } from "./cell-state.ts";

/** One experiment, and what is asked of it. */
export interface Part {
  readonly experiment: Experiment;
  readonly request: RunRequest;
  /** No more of each cell, where others of the run have more. */
  readonly trialsMax?: number;
  /** Only cells with one of these. Absent: all. */
  readonly variants?: readonly string[];
  /** Names of the request's link and profile, for cells that follow them: they set a cell apart from those of other parts. */
  readonly named?: { readonly link?: string | undefined; readonly profile?: string | undefined };
}

/** Every cell once, in the order of the parts; of one that several ask for, the most trials. */
export const cellsOf = (parts: readonly Part[]): PlannedCell[] => withOwnLabels(cellsOnce(parts));

/** A target of a cluster is called after how its users connect, and so may others be: then it says what it is. */
function withOwnLabels(cells: readonly PlannedCell[]): PlannedCell[] {
  const isClustered = ({ cell }: PlannedCell): boolean => cell.target.system.kind === "cluster";
  const taken = new Set(cells.flatMap((planned) => (isClustered(planned) ? [] : [planned.cell.target.label])));
  return cells.map((planned) => {
    const { experiment, cell } = planned;
    const { target } = cell;
    if (!isClustered(planned) || !taken.has(target.label)) return planned;
    return { experiment, cell: { ...cell, target: { ...target, label: `${target.label}@cluster` } } };
  });
}

function cellsOnce(parts: readonly Part[]): PlannedCell[] {
  const cells = new Map<string, PlannedCell>();
  for (const part of parts) {
    for (const cell of cellsOfPart(part)) {
      const { experiment } = part;
      const { target, variant } = cell;
      const key = cellKey({
        target: target.label,
        scenario: experiment.name,
        ...(variant !== undefined && { variant }),
      });
      const known = cells.get(key);
      cells.set(
        key,
        known === undefined ? { experiment, cell } : { experiment, cell: withMoreTrials(known.cell, cell) },
      );
    }
  }
  return [...cells.values()];
}

function cellsOfPart({ experiment, request, trialsMax, variants, named }: Part): CellPlan[] {
  const chosen = experiment
    .cells(request)
    .filter(({ variant }) => variants === undefined || (variant !== undefined && variants.includes(variant)));
  return chosen.map((cell) => {
    const { parameters, variant } = cell;
    const apart = [
      ...(variant === undefined ? [] : [variant]),
      ...(named?.profile !== undefined && parameters.profile !== undefined ? [named.profile] : []),
      ...(named?.link !== undefined && parameters.link !== undefined ? [`over ${named.link}`] : []),
    ];
    const most = trialsMax === undefined ? cell.trialsMax : Math.min(trialsMax, cell.trialsMax ?? trialsMax);
    return {
      ...cell,
      ...(apart.length > 0 && { variant: apart.join(", ") }),
      ...(most !== undefined && { trialsMax: most }),
    };
  });
}

function withMoreTrials(known: CellPlan, other: CellPlan): CellPlan {
  const { trialsMax: _, ...cell } = known;
  if (known.trialsMax === undefined || other.trialsMax === undefined) return cell;
  return { ...cell, trialsMax: Math.max(known.trialsMax, other.trialsMax) };
}
