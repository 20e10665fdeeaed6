/**
 * What a cell of the experiment `cost` shows by itself. What a wake-up, a message and a delivery cost each is worked out
 * of the windows of all its cells together, see `results/summary/costs.ts`.
 */
import type { MetricEntry } from "./metric.ts";

/** Name of the experiment, the scenario of its cells. */
export const costExperiment = "cost";

const entry = (unit: MetricEntry["unit"], title: string, meaning: string): MetricEntry => ({
  title,
  unit,
  meaning,
  topic: "cost",
  better: "lower",
});

export const costMetrics = {
  nodeCpuUsPerPacedMessage: entry(
    "us",
    "CPU of a listening node per message, one by one",
    "CPU time a node without users spends on a message from the broker beyond what it spends at rest, with messages evenly spaced, so that each wakes it up",
  ),
  nodeCpuUsPerBatchedMessage: entry(
    "us",
    "CPU of a listening node per message, many at once",
    "the same with many messages on their way at a time, so that several share a wake-up",
  ),
  batchedOverPacedCpuRatio: entry(
    "ratio",
    "many at once over one by one",
    "CPU time per message of a node without users, with many messages on their way at a time over evenly spaced ones",
  ),
  brokerCpuUsPerPacedMessage: entry(
    "us",
    "CPU of the broker per message, one by one",
    "CPU time the broker spends on a message, handing it to all nodes included, beyond what it spends at rest, with messages evenly spaced",
  ),
  brokerCpuUsPerBatchedMessage: entry(
    "us",
    "CPU of the broker per message, many at once",
    "the same with many messages on their way at a time",
  ),
  nodeIdleCpuShare: entry("share", "CPU of a node at rest", "share of one core a node uses while nobody sends"),
  proxyIdleCpuShare: entry(
    "share",
    "CPU of the load balancer at rest",
    "share of one core the load balancer uses while nobody sends, health checks included",
  ),
  brokerIdleCpuShare: entry(
    "share",
    "CPU of the broker at rest",
    "share of one core the broker uses while nobody sends",
  ),
  nodeMemoryBytesBase: entry(
    "memory",
    "memory of a node without users",
    "memory of a node to which nobody is connected: heap, stacks and buffers",
  ),
  nodeMemoryBytesPerConnection: entry(
    "bytes",
    "node memory per connection",
    "growth of a node's memory per connection, as a slope",
  ),
  proxyMemoryBytesPerConnection: entry(
    "bytes",
    "load balancer memory per connection",
    "growth of the load balancer's memory per connection, as a slope",
  ),
  wireBytesPerPublication: entry(
    "bytes",
    "bytes of a publication on the users' side",
    "bytes on a user's TCP connection, both ways, for one message it publishes and its acknowledgement",
  ),
  wireBytesPerDelivery: entry(
    "bytes",
    "bytes of a delivery on the users' side",
    "bytes on a user's TCP connection for one message it receives",
  ),
} as const satisfies Record<string, MetricEntry>;

export type CostMetricName = keyof typeof costMetrics;

export const costMetricNames = Object.keys(costMetrics) as CostMetricName[];
