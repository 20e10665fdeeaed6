/** What tests share that need a real program. */
import type { TestContext } from "node:test";
import { WirebenchError } from "../protocol/errors.ts";
import { addressOf, componentNamed, findProgram } from "../servers/programs/components.ts";

/**
 * Whether a test that needs a component can run. If not it is marked as skipped, and why; with `WIREBENCH_REQUIRE=all`
 * (CI) it throws instead, so that nothing is left out unseen.
 */
export function requireComponent(t: TestContext, name: string): boolean {
  const component = componentNamed(name);
  if (addressOf(component) !== undefined || findProgram(component) !== undefined) return true;
  const reason = `${name} is not installed: npm run setup`;
  if (process.env.WIREBENCH_REQUIRE === "all") throw new WirebenchError("component-missing", reason);
  t.skip(reason);
  return false;
}
