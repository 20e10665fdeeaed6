/** One trial of traffic: users connected and everything warm, then the windows in turns, then what they measured. */
import type { WindowPlan } from "../../../load/flows/window.ts";
import type { Window } from "../../../results/contract/results.ts";
import { joinSlices } from "../../../results/recording/slices.ts";
import { trafficMeasures } from "../../../results/recording/traffic-measures.ts";
import { ServerRig } from "../../rigs/server-rig.ts";
import type { Experiment, Outcome } from "../contract/experiment.ts";
import { type TrafficCell, type TrafficParameters, trafficParameters } from "./traffic-cell.ts";

export interface TrafficShape {
  /**
   * Traffic before the first window, so dense that the code it takes is compiled by then. Nothing of it is recorded, and
   * all of it has arrived before the first window begins.
   */
  readonly warmup: WindowPlan;
  /** In report order; in the last, everything that is ever busy is busy. */
  readonly windows: readonly WindowPlan[];
}

/** Of round trips; the same for every experiment with them, so that cells that share a rig share their warm-up. */
export const roundTripWarmup: WindowPlan = { name: "warm-up", flows: { roundTrip: { kind: "closed", inFlight: 4 } } };

type TrafficExperiment = Pick<
  Experiment<TrafficCell, ServerRig>,
  "isolation" | "open" | "sharedRig" | "settle" | "measure" | "trafficMs"
>;

/** How an experiment with traffic is measured; the shape is all that sets it apart. */
export const measuredInTurn = (shapeOf: (parameters: TrafficParameters) => TrafficShape): TrafficExperiment => ({
  isolation: "in-turn",
  open: ServerRig.open,
  sharedRig: ({ target, behaviour, parameters: { client, connections, workers, payloadBytes, payloadKind, link } }) =>
    JSON.stringify([target.label, behaviour, client, connections, workers, payloadBytes, payloadKind, link]),
  settle: (rig, cell) => settle(rig, cell, shapeOf(trafficParameters(cell))),
  measure: (rig, cell) => trafficTrial(rig, cell, shapeOf(trafficParameters(cell))),
  trafficMs(cell) {
    const parameters = trafficParameters(cell);
    const { rampUpMs, durationMs, slices } = parameters;
    return shapeOf(parameters).windows.length * (slices * rampUpMs + durationMs);
  },
});

async function settle(rig: ServerRig, cell: TrafficCell, { warmup }: TrafficShape): Promise<void> {
  const { warmupMs, drainMs } = trafficParameters(cell);
  await rig.connectAll();
  if (warmupMs > 0) await rig.warmUp(warmup, warmupMs, drainMs);
}

export async function* trafficTrial(
  rig: ServerRig,
  cell: TrafficCell,
  shape: TrafficShape,
): AsyncGenerator<Window, Outcome> {
  await settle(rig, cell, shape);
  const { slices: slicesMax, durationMs, ...times } = trafficParameters(cell);
  // Each slice is as long as an answer takes, and ramps up and drains for longer: one is enough where that is far.
  const slices = rig.delayMs > durationMs / slicesMax ? 1 : slicesMax;
  const seen: Window[] = [];
  for (let slice = 0; slice < slices; slice++) {
    for (const plan of rig.inDrawnOrder(shape.windows)) {
      if (rig.failure !== undefined) break;
      const window = await rig.window(plan, { ...times, durationMs: durationMs / slices });
      seen.push(window);
      yield window;
    }
  }
  if (rig.failure !== undefined) throw new Error(rig.failure);
  const windows = shape.windows.flatMap(({ name }) => joinSlices(seen.filter((window) => window.name === name)));
  const { histograms } = await rig.record();
  const { wireBytesPerConnection } = rig.users;
  return {
    windows,
    measures: {
      ...trafficMeasures({ windows, histograms }, cell.parameters),
      ...(wireBytesPerConnection !== undefined && { wireBytesPerConnection }),
    },
  };
}
