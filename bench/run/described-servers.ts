import type { ServerInfo } from "../../results/contract/results.ts";
import { programNamed } from "../../servers/programs/programs.ts";
import type { Target } from "../targets/target.ts";

/** Every real server that is a target, once, with the configuration it is started with. */
export function describeServers(targets: readonly Target[]): ServerInfo[] {
  const names = new Set(targets.flatMap(({ system }) => (system.kind === "program" ? [system.program] : [])));
  return [...names].flatMap((name) => {
    const { configuration } = programNamed(name);
    return configuration === undefined ? [] : [{ name, configuration: configuration.trim() }];
  });
}
