/** Updates that a server has now and then, as `push` measures them: the cells that several claims share. */
import type { MetricName } from "../metrics/metrics.ts";
import { type Decidable, type Need, type Seen, seenOf } from "./claim.ts";

export const updatesPerSecond = 10;
const variant = `${updatesPerSecond} per second`;
/** Far below the time between two updates, and far above it. */
export const pollIntervalsMs = [50, 500] as const;

const polledEvery = (ms: number): string => `${variant}, polled every ${ms} ms`;

/** To clients that need no clock to ask. */
export const pushes = (...targets: readonly string[]): Need => ({ experiment: "push", targets, variants: [variant] });

export const pushedTo = (results: Decidable, metric: MetricName, target: string): Seen | undefined =>
  seenOf(results, metric, { scenario: "push", target, variant });

const poller = "short-polling";

/** To clients that ask by the clock. */
export const polled: Need & { readonly variants: readonly string[] } = {
  experiment: "push",
  targets: [poller],
  variants: pollIntervalsMs.map(polledEvery),
};

export const polledAt = (results: Decidable, metric: MetricName, ms: number): Seen | undefined =>
  seenOf(results, metric, { scenario: "push", target: poller, variant: polledEvery(ms) }, `${poller} every ${ms} ms`);
