/** Targets with a heartbeat of another interval, or none. */
import type { OptionTrait } from "../../../protocol/contract.ts";
import { heartbeatName } from "../../../protocol/options/heartbeat.ts";
import { pollInterval } from "../../../protocol/options/poll-interval.ts";
import { type Target, traitsOf, withOption } from "../../targets/target.ts";

/** Undefined where the protocol has no heartbeat. */
export const heartbeatOptionOf = (target: Target): OptionTrait | undefined =>
  traitsOf(target).options?.find(({ name }) => name === heartbeatName);

/** The same target with such an interval, or without a heartbeat. Polls are one where there are polls. */
export function beating(target: Target, intervalMs: number | undefined): Target {
  if (intervalMs === undefined) {
    const { [heartbeatName]: _, ...options } = target.options;
    return { ...target, options };
  }
  const every = `${intervalMs}ms`;
  const paced = withOption(target, pollInterval.name, every) ?? target;
  return withOption(paced, heartbeatName, every)!;
}
