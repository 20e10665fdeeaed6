import { nowNs } from "../../protocol/clock.ts";
import { countedBehaviour } from "./counted.ts";
import type { MeasuredBehaviour } from "./measured-behaviour.ts";

/** Says nothing, and writes down when connections ended, as their server saw it. */
export interface EndsBehaviour extends MeasuredBehaviour {
  /** On the host's monotonic clock, in the order in which they came. */
  readonly endsNs: readonly number[];
}

export function endsBehaviour(): EndsBehaviour {
  const endsNs: number[] = [];
  const counted = countedBehaviour((handled) => () => ({
    message: handled,
    closed: () => void endsNs.push(nowNs()),
  }));
  return Object.assign(counted, { endsNs });
}
