import { type Bound, readMetric } from "./reading.ts";
import type { Cell, Comparison, Interval, ScenarioName } from "./results.ts";

/** What of each scenario is set against the reference. */
const comparedMetrics: Record<ScenarioName, readonly string[]> = {
  echo: ["scheduledP50Us", "scheduledP99Us", "serverCpuUsPerMessage", "wireBytesPerMessage", "connectP50Us"],
  throughput: ["achievedRatePerSecond", "serverCpuUsPerMessage"],
  duplex: ["uplinkP50Us", "downlinkP50Us"],
};

/**
 * Every measured cell against the reference's cell of the same scenario. An invalid cell compares with nothing. Two
 * cells that were both limited by the load generator do not compare in what that limits: the ratio of two bounds
 * bounds nothing.
 */
export function compareWithReference(cells: readonly Cell[], reference: string): Comparison[] {
  return cells.flatMap((cell) => {
    const base = cells.find((other) => other.target === reference && other.scenario === cell.scenario);
    if (base === undefined || base === cell) return [];
    return comparedMetrics[cell.scenario].flatMap((metric): Comparison[] => {
      const value = readMetric(cell, metric);
      const floor = readMetric(base, metric);
      if (value.kind !== "value" || floor.kind !== "value" || floor.interval.low <= 0) return [];
      if (value.bound !== undefined && floor.bound !== undefined) return [];
      const ratio = ratioOf(value.interval, floor.interval);
      const bound = value.bound ?? (floor.bound && opposite[floor.bound]);
      const verdict = verdictOf(ratio, bound);
      return [
        { scenario: cell.scenario, metric, reference, target: cell.target, ratio, ...(bound && { bound }), verdict },
      ];
    });
  });
}

/** If the floor could be higher than measured, the ratio could be lower. */
const opposite = { "at-least": "at-most", "at-most": "at-least" } as const satisfies Record<Bound, Bound>;

/** Ratio of medians; its range is the widest that the two ranges of trials allow, so it errs to the cautious side. */
function ratioOf(value: Interval, floor: Interval): Interval {
  return { value: value.value / floor.value, low: value.low / floor.high, high: value.high / floor.low };
}

function verdictOf({ low, high }: Interval, bound: Bound | undefined): Comparison["verdict"] {
  if (low > 1 && bound !== "at-most") return "higher";
  return high < 1 && bound !== "at-least" ? "lower" : "indistinguishable";
}
