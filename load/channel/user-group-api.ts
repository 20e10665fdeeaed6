/** What is asked of a process that is some of the users of a channel. Data only; users go by their number in the channel. */
import type { WireBytes } from "../metering/wire-bytes.ts";
import type { ChainOrder, ConnectOrder, PublishOrder } from "./channel-users-api.ts";
import type { EventBatch } from "./event-log.ts";

export type GroupOrder = Omit<ConnectOrder, "users" | "concurrent">;

/** In the order in which they take turns, those of other groups included. */
type Publishers = { readonly publishers: readonly number[] };

export type GroupPublishOrder = Pick<PublishOrder, "startNs" | "durationMs" | "ratePerSecond"> & Publishers;
export type GroupChainOrder = Omit<ChainOrder, "publishers"> & Publishers;

/** How busy the process was from the end of the warm-up to the end of a window; shares from 0 to 1. */
export interface GroupUse {
  /** Time in which its event loop had something to do, waiting for a core included. */
  readonly eventLoopUtilization: number;
  /** The longest time in which its event loop did not turn. */
  readonly stallMaxMs: number;
  /** CPU time of its thread. */
  readonly cpuShare: number;
}

/** What one step or one coming back was answered with; absent: not at all. */
export interface Answered {
  readonly answer?: { readonly node: string; readonly sameNode: boolean; readonly found?: boolean };
}

export interface UserGroupApi {
  /** Before everything else, once. */
  open(order: GroupOrder): Promise<void>;
  /** Adds a user and connects it; it keeps trying if it does not get in. */
  add(order: { user: number }): Promise<{ tookNs?: number }>;
  publish(order: GroupPublishOrder): Promise<GroupUse>;
  chain(order: GroupChainOrder): Promise<GroupUse>;
  halt(): Promise<void>;
  /** What happened since it was asked last. */
  events(): Promise<EventBatch>;
  step(order: { user: number; timeoutMs: number }): Promise<Answered>;
  /** All users close their connections in an orderly way and come back when they are told to. */
  leave(): Promise<void>;
  /** The user closes its connection, if it has one, and connects again. */
  comeBack(order: { user: number; timeoutMs: number }): Promise<Answered>;
  wireBytes(): Promise<WireBytes>;
  /** All users leave for good. */
  close(): Promise<void>;
}
