/** Whose doing it is that a prediction did not hold, as far as it was seen. */
import { usable } from "../../results/contract/cells.ts";
import { type MetricName, metricNamed } from "../../results/metrics/metrics.ts";
import { formatCount } from "../../results/quantities/format.ts";
import type { PredictionView } from "../view/view.ts";

/** Who had a missing delivery last. */
const culprits = [
  ["missingDueToBrokerDeliveries", "the broker"],
  ["missingDueToNodeDeliveries", "a node"],
  ["missingDueToLoadBalancerDeliveries", "the load balancer"],
  ["missingDueToUsersDeliveries", "wirebench's users"],
  ["missingDueToMachineDeliveries", "the machine"],
  ["missingOfUnknownCauseDeliveries", "nobody knows whom"],
] as const satisfies readonly (readonly [MetricName, string])[];

/** `the broker`, or with how much of it each is to blame: `the broker (20), a node (3)`. */
export function causeOf({ cell: { cell }, prediction: { metric } }: PredictionView): string {
  const { topic } = metricNamed(metric);
  const summary = usable(cell)?.summary;
  const blamed = culprits
    .map(([name, words]) => ({ words, count: summary?.[name]?.value ?? 0 }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count);
  if ((topic !== "loss" && topic !== "delivery") || blamed.length === 0) return "the system under test";
  if (blamed.length === 1) return blamed[0]!.words;
  return blamed.map(({ words, count }) => `${words} (${formatCount(count)})`).join(", ");
}
