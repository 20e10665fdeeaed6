/** Whether the machine was quiet, and what it means for which numbers if it was not. */
import type { Cell } from "../../results/contract/results.ts";
import { plural } from "../../results/quantities/format.ts";
import { trialsForIntervalMin } from "../../results/statistics/intervals.ts";
import { cpuContentionOf, starvationOf } from "../../results/validity/cpu-contention.ts";
import { wasBusy } from "../../results/validity/machine.ts";
import type { ReportView } from "../view/view.ts";

export interface MachineVerdict {
  readonly state: "quiet" | "busy";
  /** One or two sentences. */
  readonly text: string;
}

/** A share of windows that touches no median. */
const harmlessShare = 0.05;
const namedMax = 3;

export function machineVerdictOf({ results, experiments, trials }: ReportView): MachineVerdict {
  const { environment, cells } = results;
  const { cores, loadAverage } = environment;
  const { contendedWindows, windows } = cpuContentionOf(cells);
  const waited = `in ${contendedWindows} of ${plural(windows, "window")} a process waited for its core`;
  if (contendedWindows > harmlessShare * windows) {
    const hit = experiments
      .map(({ info, cells: own }) => ({ name: info.name, share: contendedShareOf(own.map(({ cell }) => cell)) }))
      .filter(({ share }) => share > harmlessShare)
      .sort((a, b) => b.share - a.share)
      .map(({ name }) => name);
    return {
      state: "busy",
      text: `${waited} (${hit.slice(0, namedMax).join(", ")}); p99 and rates there are worse than on a quiet machine.`,
    };
  }
  const { starvedTrials, trials: ofCluster } = starvationOf(cells);
  if (starvedTrials > harmlessShare * ofCluster) {
    const hit = experiments.filter(({ cells: own }) => starvationOf(own.map(({ cell }) => cell)).starvedTrials > 0);
    const text = `in ${starvedTrials} of ${plural(ofCluster, "trial")} a process had no core for most of a second (${shortList(hit)}); what is late there is the machine's.`;
    return { state: "busy", text };
  }
  const before = `load ${loadAverage.toFixed(1)} on ${plural(cores, "core")}`;
  if (wasBusy(environment)) {
    const quietly = windows === 0 ? "" : "; while measuring, no process waited";
    const meanwhile = contendedWindows > 0 ? `; while measuring, ${waited}` : quietly;
    // Without intervals there is nothing to be wider.
    const effect = trials < trialsForIntervalMin ? "longer delays" : "wider intervals";
    return { state: "busy", text: `${before} before the run${meanwhile}: expect ${effect}.` };
  }
  if (contendedWindows > 0) return { state: "quiet", text: `${before}; ${waited}, too few to move a median.` };
  return {
    state: "quiet",
    text: windows === 0 ? `${before} before the run.` : `${before}; no process waited for its core.`,
  };
}

const shortList = (experiments: ReportView["experiments"]): string => {
  const names = experiments.map(({ info }) => info.name);
  return [...names.slice(0, namedMax), ...(names.length > namedMax ? [`${names.length - namedMax} more`] : [])].join(
    ", ",
  );
};

function contendedShareOf(cells: readonly Cell[]): number {
  const { contendedWindows, windows } = cpuContentionOf(cells);
  return windows === 0 ? 0 : contendedWindows / windows;
}
