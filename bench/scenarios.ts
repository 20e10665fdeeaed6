import { WirebenchError } from "./errors.ts";
import type { Scenario } from "./scenario.ts";
import { duplex } from "./scenarios/duplex.ts";
import { echo } from "./scenarios/echo.ts";
import { idle } from "./scenarios/idle.ts";
import { throughput } from "./scenarios/throughput.ts";

/** Every scenario, in report order. */
export const scenarios: readonly Scenario[] = [echo, throughput, duplex, idle];

/** Throws `usage` and lists what exists. */
export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  const names = scenarios.map((scenario) => scenario.name).join(", ");
  throw new WirebenchError("usage", `unknown scenario "${name}": expected one of ${names}`);
}
