/** What cannot be meant: options that contradict each other, or a target that is given twice. */
import { WirebenchError } from "../../protocol/errors.ts";
import type { Target } from "../targets/target.ts";
import type { RunOptions } from "./run.ts";

/** Throws `usage` for a target that is given twice. */
export function refuseRepeats(targets: readonly Target[]): void {
  const labels = targets.map(({ label }) => label);
  const repeated = labels.find((label, index) => labels.indexOf(label) !== index);
  if (repeated !== undefined) throw new WirebenchError("usage", `target ${repeated} is given twice`);
}

/** Throws `usage` for options that cannot be meant together, whatever is measured. */
export function refuseContradictions(options: RunOptions): void {
  const { findCapacity, slo, rate, trials, untilPrecision, maxTrials } = options;
  if (!findCapacity && slo !== undefined) throw new WirebenchError("usage", "--slo needs --find-capacity");
  if (maxTrials !== undefined && untilPrecision === undefined) {
    throw new WirebenchError("usage", "--max-trials needs --until-precision");
  }
  const pointless = [
    [rate, "--rate", "which searches the rate"],
    [trials, "--trials", "which probes rates instead"],
    [untilPrecision, "--until-precision", "which has no trials"],
  ] as const;
  for (const [given, option, why] of pointless) {
    if (findCapacity && given !== undefined) {
      throw new WirebenchError("usage", `${option} contradicts --find-capacity, ${why}`);
    }
  }
}
