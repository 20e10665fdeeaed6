import type { Behaviour } from "../../protocol/contract.ts";
import type { FlowRecord } from "../flows/flow.ts";
import type { FlowName } from "../flows/traffic.ts";
import type { WindowOrder } from "../flows/window.ts";

/** A flow seen from one end: the sender's half and the receiver's half are joined by the driver. */
export type FlowRecords = Partial<Record<FlowName, FlowRecord>>;

/** What a server process does with its connections, and what it saw of each window, for as long as a trial lasts. */
export interface MeasuredBehaviour {
  readonly behaviour: Behaviour;
  /** Messages received plus messages sent unasked, since the start. */
  readonly handledMessages: number;
  /** Resolves when it is ready for what comes in the window, which may be called off by another one. */
  prepare(window: WindowOrder): Promise<void>;
  /** Takes part in the window it is ready for; resolves when this side has sent what it had to. */
  send(): Promise<void>;
  /** Ends the sending of the current window early. */
  halt(): void;
  /** What this side saw of the window, after waiting up to `drainMs` for what is on the way. */
  collect(drainMs: number): Promise<FlowRecords>;
}
