/** Targets of a profile, polled as often as it asks. */
import { pollInterval } from "../../protocol/options/poll-interval.ts";
import { type Target, traitsOf, withOption } from "../targets/target.ts";
import type { ProfileFile } from "./profile-file.ts";

/** What the target itself says comes first. */
export function withPollInterval(target: Target, { pollInterval: asked }: ProfileFile): Target {
  if (asked === undefined || target.label.includes(`+${pollInterval.name}`)) return target;
  if (!(traitsOf(target).options ?? []).some(({ name }) => name === pollInterval.name)) return target;
  return withOption(target, pollInterval.name, asked) ?? target;
}
