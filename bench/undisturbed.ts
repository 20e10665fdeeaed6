/** For tests of what a run measured on real clocks: what a machine spoilt that had something else to do shows nothing. */
import { AssertionError } from "node:assert/strict";
import { availableParallelism, loadavg } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { TestContext } from "node:test";
import type { Results } from "../results/contract/results.ts";
import { useOf } from "../results/recording/flows.ts";

const attemptsMax = 3;
/** Of a process that stood still for less, a window of some hundred milliseconds shows nothing. */
const stallMsMax = 20;
/** Processes that want a core, for each there is. */
const loadMax = 2;

/**
 * Calls `show`, which gives the results of a run, if there are any, to `saw` before it asserts anything. An assertion that
 * fails while the machine was busy is tried again; where it is busy each time the test says so and leaves it open.
 */
export async function unlessDisturbed(
  t: TestContext,
  show: (saw: (results: Results) => void) => Promise<void>,
): Promise<void> {
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const ownDelay = monitorEventLoopDelay({ resolution: 1 });
    ownDelay.enable();
    let stallMs = Number.NaN;
    try {
      return await show((results) => {
        stallMs = Math.max(ownDelay.max / 1e6, ...stallsMsOf(results));
      });
    } catch (error) {
      const wasBusy = stallMs > stallMsMax || loadavg()[0]! > loadMax * availableParallelism();
      if (!(error instanceof AssertionError) || !wasBusy) throw error;
      t.diagnostic(`the machine was busy with something else, so nothing is shown: ${error.message}`);
    } finally {
      ownDelay.disable();
    }
  }
}

const stallsMsOf = ({ cells }: Results): number[] =>
  cells.flatMap((cell) =>
    cell.state === "measured"
      ? cell.trials.flatMap(({ windows }) =>
          windows.map((window) => (useOf(window).generatorEventLoopDelayMaxUs ?? 0) / 1000),
        )
      : [],
  );
