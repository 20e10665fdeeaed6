import type { Results } from "../contract/results.ts";

/** Of a machine: what tells whether it was quiet before a run. */
export type MachineLoad = Pick<Results["environment"], "loadAverage" | "cores">;

/** A machine with this share of its cores busy before the run is not a quiet one. */
const busyShare = 0.5;

/** Whether something else used the machine in the minute before the run. */
export const wasBusy = ({ loadAverage, cores }: MachineLoad): boolean => loadAverage >= busyShare * cores;
