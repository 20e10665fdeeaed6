/** What tests share that need a real program. */
import type { TestContext } from "node:test";
import { WirebenchError } from "../protocol/errors.ts";
import type { Broker } from "../servers/cluster/broker/broker.ts";
import { addressOf, findProgram, howToInstall } from "../servers/programs/program.ts";
import { programNamed } from "../servers/programs/programs.ts";

/**
 * Whether a test that needs a program can run. If not it is marked as skipped, and why; with `WIREBENCH_REQUIRE=all`
 * (CI) it throws instead, so that nothing is left out unseen.
 */
export function hasProgram(t: TestContext, name: string): boolean {
  const program = programNamed(name);
  if (addressOf(program) !== undefined || findProgram(program) !== undefined) return true;
  const reason = `${name} is not installed: npm run setup`;
  if (process.env.WIREBENCH_REQUIRE === "all") throw new WirebenchError("component-missing", reason);
  t.skip(reason);
  return false;
}

/**
 * Why a suite of a broker is left out, or false. With `WIREBENCH_REQUIRE=all` none is whose program the setup brings; of
 * the others those are that are not here, which is printed.
 */
export function leftOut({ traits: { component } }: Broker): string | false {
  if (component === undefined) return false;
  const program = programNamed(component);
  if (addressOf(program) !== undefined || findProgram(program) !== undefined) return false;
  if (process.env.WIREBENCH_REQUIRE === "all" && program.used) return false;
  return `${component} is not installed: ${howToInstall(program)}`;
}
