/** One trial of traffic: warm-up, then the windows in drawn order, then what they measured. */
import type { WindowPlan } from "../../../load/flows/window.ts";
import type { Window } from "../../../results/contract/results.ts";
import { trafficMeasures } from "../../../results/recording/traffic-measures.ts";
import type { ServerRig } from "../../rigs/server-rig.ts";
import type { Outcome } from "../contract/experiment.ts";
import { type TrafficCell, trafficParameters } from "./traffic-cell.ts";

export interface TrafficShape {
  /**
   * Traffic before the first window, so dense that the code it takes is compiled by then. Nothing of it is recorded, and
   * all of it has arrived before the first window begins.
   */
  readonly warmup: WindowPlan;
  /** In report order; in the last, everything that is ever busy is busy. */
  readonly windows: readonly WindowPlan[];
}

export async function* trafficTrial(
  rig: ServerRig,
  cell: TrafficCell,
  { warmup, windows }: TrafficShape,
): AsyncGenerator<Window, Outcome> {
  const { warmupMs, ...times } = trafficParameters(cell);
  if (warmupMs > 0) await rig.warmUp(warmup, warmupMs, times.drainMs);
  const seen: Window[] = [];
  for (const plan of rig.inDrawnOrder(windows)) {
    if (rig.failure !== undefined) break;
    const window = await rig.window(plan, times);
    seen.push(window);
    yield window;
  }
  if (rig.failure !== undefined) throw new Error(rig.failure);
  await rig.users.close();
  const inOrder = windows.flatMap(({ name }) => seen.filter((window) => window.name === name));
  const { histograms } = await rig.record();
  return { windows: inOrder, measures: trafficMeasures({ windows: inOrder, histograms }, cell.parameters) };
}

/** Of one trial, if nothing is slow. */
export function trafficMsOf(cell: TrafficCell, windows: number): number {
  const { warmupMs, rampUpMs, durationMs } = trafficParameters(cell);
  return warmupMs + windows * (rampUpMs + durationMs);
}
