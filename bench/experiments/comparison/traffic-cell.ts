/** Cells of experiments that send traffic between one server and its users. */
import type { Load } from "../../../load/flows/traffic.ts";
import { WirebenchError } from "../../../protocol/errors.ts";
import type { BehaviourOrder } from "../../rigs/processes/server.ts";
import { clientKindOf, protocolNamed } from "../../targets/protocols.ts";
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
  /** Of each slice. */
  readonly rampUpMs: number;
  /** Of each window, all its slices together. */
  readonly durationMs: number;
  readonly slices: number;
  readonly drainMs: number;
}

/** What every experiment with traffic follows. */
export const trafficSettings = [
  "connections",
  "workers",
  "client",
  "payloadBytes",
  "payloadKind",
  "warmupMs",
  "rampUpMs",
  "durationMs",
  "turns",
  "drainMs",
  "link",
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
  {
    behaviour,
    load,
    expectations,
    windows = 1,
  }: Pick<TrafficCell, "behaviour" | "expectations"> & {
    readonly load: Load;
    /** Kinds of windows that share the measured time. */
    readonly windows?: number;
  },
): TrafficCell[] {
  checkPayload(traffic);
  const { connections, workers, client, payloadBytes, payloadKind, link } = traffic;
  if (workers > connections) {
    throw new WirebenchError("usage", `${workers} workers cannot share ${connections} connections`);
  }
  return targets.map((target) => ({
    target,
    behaviour,
    expectations,
    parameters: {
      connections,
      workers,
      client: clientKindOf(protocolNamed(target.protocol), client, target.options),
      payloadBytes,
      payloadKind,
      load,
      ...(link !== undefined && { link }),
      ...timesOf(target, traffic, windows),
      settings: {},
    },
  }));
}

/**
 * Each turn takes one slice of one window. A slice that is no multiple of the wait of the protocol's own clock would see
 * its rhythm instead of a rate.
 */
export function timesOf(
  target: Target,
  { warmupMs, rampUpMs, durationMs, turns, drainMs }: TrafficSettings,
  windows: number,
): TrafficTimes {
  const floorMs = deliveryFloorMs(target);
  // Beside a wait of its own clock, what a machine drifts is nothing, and every slice ramps up for longer.
  const slices = floorMs === 0 ? Math.max(1, Math.round(turns / windows)) : 1;
  const sliceMs = durationMs / windows / slices;
  return {
    warmupMs,
    rampUpMs: Math.max(rampUpMs, 2 * floorMs),
    durationMs: slices * (floorMs === 0 ? sliceMs : Math.ceil(sliceMs / floorMs) * floorMs),
    slices,
    drainMs: Math.max(drainMs, 4 * floorMs),
  };
}

/** Of a cell of this kind, what its cells always have. */
export function trafficParameters({ parameters }: TrafficCell): TrafficParameters {
  const { load, warmupMs = 0, rampUpMs = 0, durationMs, slices = 1, drainMs } = parameters;
  if (load === undefined || durationMs === undefined || drainMs === undefined) {
    throw new TypeError("a cell of traffic has a load and its times");
  }
  return { ...parameters, load, warmupMs, rampUpMs, durationMs, slices, drainMs };
}
