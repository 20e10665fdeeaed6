import { WirebenchError } from "../../protocol/errors.ts";
import type { Scenario } from "./contract/scenario.ts";
import { duplex } from "./duplex.ts";
import { echo } from "./echo.ts";
import { idle } from "./idle.ts";
import { throughput } from "./throughput.ts";

/** Every scenario, in report order. */
export const scenarios: readonly Scenario[] = [echo, throughput, duplex, idle];

/** Throws `usage` and lists what exists. */
export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  const names = scenarios.map((scenario) => scenario.name).join(", ");
  throw new WirebenchError("usage", `unknown scenario "${name}": expected one of ${names}`);
}
