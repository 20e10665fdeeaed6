/** What a capacity search found, in the shape the section, the figure and the terminal ask for. */
import { completeTrials, measured } from "../../results/contract/cells.ts";
import { formatQuantity } from "../../results/quantities/format.ts";
import { type Objective, objectiveOf, type Probe, probesOf } from "../../results/recording/probes.ts";
import { type Estimate, estimateOf } from "../../results/summary/estimate.ts";
import type { ReportView, TargetRow } from "./view.ts";

export const capacityExperiment = "capacity";

export interface Capacity {
  readonly row: TargetRow;
  readonly objective: Objective;
  /** Of the rate; absent where none held, since 0 is no rate. */
  readonly estimate: Estimate;
  readonly probes: readonly Probe[];
}

/** Of the targets whose search was measured. */
export const capacitiesOf = ({ rows }: ReportView): Capacity[] =>
  rows.flatMap((row) => {
    const cell = measured(row.cells.get(capacityExperiment));
    const objective = cell && objectiveOf(cell.parameters);
    if (objective === undefined) return [];
    const estimate = estimateOf(cell, "capacityRatePerSecond");
    const isNone = estimate.kind === "value" && estimate.interval.value === 0;
    const probes = completeTrials(cell!).flatMap(probesOf);
    return [
      { row, objective, estimate: isNone ? { kind: "absent", why: "no rate held the objective" } : estimate, probes },
    ];
  });

const rateOf = ({ estimate }: Capacity): number => (estimate.kind === "value" ? estimate.interval.value : 0);

/** The objective's percentile at the capacity, from the probe that confirmed it. */
export function delayThere(capacity: Capacity): string {
  const confirmed = capacity.probes.find(
    ({ confirms, offeredRatePerSecond }) => confirms && offeredRatePerSecond === rateOf(capacity),
  );
  return confirmed?.delayUs === undefined ? "–" : formatQuantity(confirmed.delayUs, "us");
}

/** Fewer of the offered messages in time is a rate that was not kept up. */
const keptUp = 0.95;

/** How the lowest rate that did not hold, above the one that did, failed. */
export function whatEndedIt(capacity: Capacity): string {
  const { probes, objective } = capacity;
  const above = probes.filter(({ held, offeredRatePerSecond }) => !held && offeredRatePerSecond >= rateOf(capacity));
  const next = above.sort((a, b) => a.offeredRatePerSecond - b.offeredRatePerSecond)[0];
  if (next === undefined) return probes.length === 0 ? "not searched" : "no higher rate was tried";
  const { offeredRatePerSecond, achievedRatePerSecond, delayUs, generatorBound } = next;
  const at = `at ${formatQuantity(offeredRatePerSecond, "perSecond")}`;
  if (generatorBound) return `${at} the load generator was the limit`;
  const percentile = `p${objective.percentile}`;
  if (delayUs !== undefined && delayUs > objective.delayUsMax) {
    return `${at} ${percentile} was ${formatQuantity(delayUs, "us")}`;
  }
  if (achievedRatePerSecond < keptUp * offeredRatePerSecond) {
    return `${at} only ${formatQuantity(achievedRatePerSecond, "perSecond")} came back`;
  }
  return `${at} ${delayUs === undefined ? `too few messages came back for a ${percentile}` : "messages were lost, duplicated or out of order"}`;
}
