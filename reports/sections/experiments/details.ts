/** Numbers that explain others and decide nothing: results.json has them, a report shows them where they were predicted. */
import type { Metric, MetricName } from "../../../results/metrics/metrics.ts";

const details: ReadonlySet<MetricName> = new Set<MetricName>([
  "publishedMessages",
  "expectedDeliveries",
  "acceptedMessages",
  "publishedPerSecond",
  "sameNodeStepsFraction",
  "sameNodeRejoinFraction",
  "sameNodeDeliveredFraction",
  "crossNodeDeliveredFraction",
  "deliveriesPerSecond",
  "missingDeliveries",
  "missingWhileConnectedDeliveries",
  "replayedDeliveries",
  "lastDetectMs",
  "firstReconnectedMs",
  "allReconnectedMs",
  "attempts",
  "failedAttempts",
  "connectionsMinPerNode",
  "sameNodeDeliveryP50Us",
  "sameNodeDeliveryP99Us",
  "crossNodeDeliveryP99Us",
  "firstRecipientP50Us",
  "firstRecipientP99Us",
  "medianRecipientP50Us",
  "medianRecipientP99Us",
  "lastRecipientP99Us",
]);

/** What the load generator and the machine did is a flag of the cell where it matters. */
export const isDetail = ({ name, topic }: Metric): boolean =>
  details.has(name) || topic === "generator" || topic === "machine";
