/** Whether a run may go on with what another has measured. */
import { WirebenchError } from "../../protocol/errors.ts";
import type { Results } from "../../results/contract/results.ts";
import { describeEnvironment, version } from "../environment/environment.ts";
import { claimPresets } from "./presets.ts";

/** Throws `usage` for results of another version, machine or plan: numbers of both would stand in one table. */
export function refuseOther(earlier: Results, given: { readonly preset?: string; readonly seed?: number }): void {
  if (earlier.claimsAsked === undefined) refuse("it is no run of wirebench claims", "name the folder of one");
  const { cpu, cores, runtime } = describeEnvironment({});
  const facts: [what: string, then: string | number, now: string | number][] = [
    ["version", earlier.tool.version, version],
    ["preset", earlier.preset, given.preset ?? earlier.preset],
    ["seed", earlier.seed, given.seed ?? earlier.seed],
    ["processor", earlier.environment.cpu, cpu],
    ["number of cores", earlier.environment.cores, cores],
    ["runtime", earlier.environment.runtime, runtime],
  ];
  const other = facts.find(([, then, now]) => then !== now);
  if (other !== undefined) {
    const [what, then, now] = other;
    refuse(`its ${what} is ${then}, this one's ${now}`, "leave --continue out to measure everything anew");
  }
  if (!Object.hasOwn(claimPresets, earlier.preset))
    refuse(`its preset is ${earlier.preset}`, "measure everything anew");
}

function refuse(why: string, hint: string): never {
  throw new WirebenchError("usage", `that run cannot be continued: ${why}`, { hint });
}
