/** How long cells take, before anything is known of the machine. */
import type { PlannedCell } from "./cell-state.ts";
import { sideBySideMax } from "./runner.ts";

/** What starting and ending processes, connecting and draining add to a trial's traffic. */
const aroundTrafficMs = 700;
/** So much more where one trial has the machine to itself, and nothing of it goes on beside others. */
const aloneMs = 1000;
/** A load balancer, nodes and users, one after the other. */
const aroundClusterMs = 3000;

/** Of one trial; of one that shares its time with others, its part. */
export function trialMs({ experiment, cell }: PlannedCell): number {
  const aside = aroundTrafficMs + (experiment.isolation === "exclusive" ? aloneMs : 0);
  const around = cell.target.system.kind === "cluster" ? aroundClusterMs : aside;
  return (experiment.trafficMs(cell) + around) / (experiment.isolation === "shared" ? sideBySideMax : 1);
}

/** Of all trials that are planned for it. */
export const trialsOf = ({ cell: { trialsMax } }: PlannedCell, trials: number): number =>
  Math.min(trials, trialsMax ?? trials);

/** Of one target, of which a few are checked at a time. */
const targetMs = 1500;

/** Of what comes before the first trial. */
export const conformanceMs = (cells: readonly PlannedCell[]): number =>
  targetMs *
  new Set(cells.flatMap(({ cell: { target } }) => (target.system.kind === "cluster" ? [] : [target.label]))).size;
