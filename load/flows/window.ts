import type { Schedule } from "../pacing/pacer.ts";
import type { FlowName, Load } from "./traffic.ts";

/** One stretch of traffic as a scenario plans it. */
export interface WindowPlan {
  readonly name: string;
  /** Which flows are busy in it. `roundTrip` needs a server that echoes; the one-way flows need ours. */
  readonly flows: Readonly<Partial<Record<FlowName, Load>>>;
}

/** The same stretch with its times, as every process of the trial gets it. Clock: the host's, in nanoseconds. */
export interface WindowOrder extends WindowPlan {
  readonly index: number;
  /** Traffic begins here; until `startNs` it is counted in the ledger, but not in histograms and rates. */
  readonly rampUpStartNs: number;
  readonly startNs: number;
  readonly endNs: number;
  /** Of all load generators together; a server may have accepted fewer when it hears of the first window. */
  readonly connections: number;
  /** What an answer took before, where that is known; absent means next to nothing. */
  readonly delayNs?: number;
  /** Decides Poisson arrivals; each sender of a window gets its own. */
  readonly seed: number;
}

/** Messages scheduled before it belong to the first half. */
export const middleNs = ({ startNs, endNs }: WindowOrder): number => (startNs + endNs) / 2;

/** Whether anything in it follows a schedule. */
export const isPaced = ({ flows }: WindowPlan): boolean => Object.values(flows).some(({ kind }) => kind === "open");

/** The schedule of an open-loop sender over a window, its settling time included. */
export function scheduleOf({ rampUpStartNs, endNs, seed }: WindowOrder, load: Load): Schedule {
  if (load.kind === "closed") throw new TypeError("a closed loop follows no schedule");
  const { ratePerSecond, arrivals = "constant" } = load;
  return { startNs: rampUpStartNs, endNs, ratePerSecond: ratePerSecond / togetherIn(load), arrivals, seed };
}

/** How many messages each instant of the schedule stands for. */
export const togetherIn = (load: Load): number => (load.kind === "open" ? (load.together ?? 1) : 1);
