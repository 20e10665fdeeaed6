import type { FsyncPolicy } from "../../protocol/durability.ts";
import { WirebenchError } from "../../protocol/errors.ts";

/** A program's own words for the policies it has; throws for one it has not. */
export function fsyncSetting<T>(program: string, settings: Partial<Record<FsyncPolicy, T>>, policy: FsyncPolicy): T {
  const setting = settings[policy];
  if (setting === undefined) throw new WirebenchError("component-failed", `${program} cannot sync its files ${policy}`);
  return setting;
}
