/** Cells of experiments that send traffic between one server and its users. */
import type { Load } from "../../../load/flows/traffic.ts";
import { WirebenchError } from "../../../protocol/errors.ts";
import type { BehaviourOrder } from "../../rigs/processes/server.ts";
import { deliveryFloorMs, type Target } from "../../targets/target.ts";
import type { CellPlan } from "../contract/experiment.ts";
import { checkPayload, type RunRequest, type TrafficSettings } from "../contract/request.ts";

export interface TrafficCell extends CellPlan {
  /** What our own server does with a message. */
  readonly behaviour: BehaviourOrder;
}

export type TrafficParameters = CellPlan["parameters"] & { readonly load: Load } & TrafficTimes;

export interface TrafficTimes {
  readonly warmupMs: number;
  readonly rampUpMs: number;
  readonly durationMs: number;
  readonly drainMs: number;
}

/** What every experiment with traffic follows. */
export const trafficSettings = [
  "connections",
  "workers",
  "payloadBytes",
  "payloadKind",
  "warmupMs",
  "rampUpMs",
  "durationMs",
  "drainMs",
] as const satisfies readonly (keyof TrafficSettings)[];

/** Load of an open loop or of a closed one, as the settings ask. */
export const openLoad = ({ ratePerSecond, arrivals }: TrafficSettings): Load => ({
  kind: "open",
  ratePerSecond,
  arrivals,
});
export const closedLoad = ({ inFlight }: TrafficSettings): Load => ({ kind: "closed", inFlight });

/** One cell per target. Throws `usage` for settings that contradict each other. */
export function trafficCells(
  { targets, traffic }: RunRequest,
  { behaviour, load, expectations }: Pick<TrafficCell, "behaviour" | "expectations"> & { readonly load: Load },
): TrafficCell[] {
  checkPayload(traffic);
  const { connections, workers, payloadBytes, payloadKind } = traffic;
  if (workers > connections) {
    throw new WirebenchError("usage", `${workers} workers cannot share ${connections} connections`);
  }
  return targets.map((target) => ({
    target,
    behaviour,
    expectations,
    parameters: { connections, workers, payloadBytes, payloadKind, load, ...timesOf(target, traffic), settings: {} },
  }));
}

/** A window shorter than a few waits of the protocol's own clock would see its rhythm instead of a rate. */
export function timesOf(target: Target, { warmupMs, rampUpMs, durationMs, drainMs }: TrafficTimes): TrafficTimes {
  const floorMs = deliveryFloorMs(target);
  return {
    warmupMs,
    rampUpMs: Math.max(rampUpMs, 2 * floorMs),
    durationMs: Math.max(durationMs, 4 * floorMs),
    drainMs: Math.max(drainMs, 4 * floorMs),
  };
}

/** Of a cell of this kind, what its cells always have. */
export function trafficParameters({ parameters }: TrafficCell): TrafficParameters {
  const { load, warmupMs = 0, rampUpMs = 0, durationMs, drainMs } = parameters;
  if (load === undefined || durationMs === undefined || drainMs === undefined) {
    throw new TypeError("a cell of traffic has a load and its times");
  }
  return { ...parameters, load, warmupMs, rampUpMs, durationMs, drainMs };
}
