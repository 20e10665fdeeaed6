import type { Cell, Comparison, Interval, MeasuredCell, ScenarioName } from "./results.ts";

/** What of each scenario is set against the reference. */
const comparedMetrics: Record<ScenarioName, readonly string[]> = {
  echo: ["scheduledP50Us", "scheduledP99Us", "serverCpuUsPerMessage", "wireBytesPerMessage", "connectP50Us"],
  throughput: ["achievedRatePerSecond", "serverCpuUsPerMessage"],
  duplex: ["uplinkP50Us", "downlinkP50Us"],
};

/** Every measured cell against the reference protocol's cell of the same scenario. */
export function compareWithReference(cells: readonly Cell[], reference: string): Comparison[] {
  const measured = cells.filter((cell): cell is MeasuredCell => cell.state === "measured");
  return measured.flatMap((cell) => {
    const base = measured.find((other) => other.target === reference && other.scenario === cell.scenario);
    if (base === undefined || base === cell) return [];
    return comparedMetrics[cell.scenario].flatMap((metric): Comparison[] => {
      const value = cell.summary[metric];
      const floor = base.summary[metric];
      if (value === undefined || floor === undefined || floor.low <= 0) return [];
      const ratio = ratioOf(value, floor);
      return [{ scenario: cell.scenario, metric, reference, target: cell.target, ratio, verdict: verdictOf(ratio) }];
    });
  });
}

/** Ratio of medians; its range is the widest that the two ranges of trials allow, so it errs to the cautious side. */
function ratioOf(value: Interval, floor: Interval): Interval {
  return { value: value.value / floor.value, low: value.low / floor.high, high: value.high / floor.low };
}

function verdictOf({ low, high }: Interval): Comparison["verdict"] {
  if (low > 1) return "higher";
  return high < 1 ? "lower" : "indistinguishable";
}
