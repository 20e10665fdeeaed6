/** What an application that was measured as traffic costs over a target, as an option to be decided between. */
import type { Interval } from "../contract/interval.ts";
import type { Criterion, Profile } from "../contract/profile.ts";
import type { Cell, TargetInfo } from "../contract/results.ts";
import type { MetricName } from "../metrics/metrics.ts";
import { type Estimate, estimateOf } from "../summary/estimate.ts";
import type { DecisionOption } from "./decision.ts";

/** Costs of a server are given for so many users. */
export const perUsers = 10_000;

export type EstimatedCosts = Readonly<Record<Exclude<Criterion, "build">, Estimate>>;

export interface ProfileOption {
  readonly costs: EstimatedCosts;
  /** What the application needs, and the protocol does not specify. */
  readonly builds: readonly Profile["needs"][number][];
  readonly option: DecisionOption;
}

/** Cores of a server for `perUsers`, from CPU time per user and second in microseconds. */
const coresPer = (cpuUs: number): number => (cpuUs * perUsers) / 1e6;

/** `idle`: the cell that tells the memory of a connection of the same target. */
export function profileOption(
  name: string,
  { provides = [] }: Pick<TargetInfo, "provides">,
  cell: Cell,
  idle: Cell | undefined,
  profile: Profile,
): ProfileOption {
  const costs = costsOf(cell, idle, profile);
  const builds = profile.needs.filter((need) => !provides.includes(need));
  return { costs, builds, option: optionOf(name, cell, costs, builds.length) };
}

function costsOf(cell: Cell, idle: Cell | undefined, { feels }: Profile): EstimatedCosts {
  const flow = feels === "up" ? "uplink" : "downlink";
  return {
    delay: estimateOf(cell, `${flow}ScheduledP50Us`),
    tail: estimateOf(cell, `${flow}ScheduledP99Us`),
    bytes: estimateOf(cell, "wireBytesPerUserHour"),
    cpu: scaled(estimateOf(cell, "serverCpuUsPerUserSecond"), coresPer(1)),
    memory: scaled(estimateOf(idle, "memoryBytesPerConnection"), perUsers),
  };
}

/** The same in another unit, or of more users. */
export function scaled(estimate: Estimate, by: number): Estimate {
  if (estimate.kind !== "value") return estimate;
  const { value, low, high } = estimate.interval;
  return { ...estimate, interval: { value: value * by, low: low * by, high: high * by } };
}

/** What there is to build costs as many as it is, and one for the protocol itself. */
function optionOf(name: string, cell: Cell, estimates: EstimatedCosts, builds: number): DecisionOption {
  const exact = (value: number): Interval => ({ value, low: value, high: value });
  const known = Object.entries(estimates).flatMap(([criterion, estimate]) =>
    estimate.kind === "value" && estimate.interval.value > 0 ? [[criterion, estimate.interval] as const] : [],
  );
  const standing = (metric: MetricName, by = 1): number | undefined => {
    const estimate = estimateOf(cell, metric);
    return estimate.kind === "value" ? estimate.interval.value * by : undefined;
  };
  const [bytes, cpu] = [standing("standingBytesPerUserHour"), standing("idleCpuUsPerConnectionSecond", coresPer(1))];
  return {
    name,
    costs: { ...Object.fromEntries(known), build: exact(1 + builds) },
    standing: { ...(bytes !== undefined && { bytes }), ...(cpu !== undefined && { cpu }) },
  };
}
