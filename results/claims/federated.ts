/** Two servers that anybody may run and that find each other: the cells that claims about XMPP share. */
import type { MetricName } from "../metrics/metrics.ts";
import { type Decidable, type Need, type Seen, seenOf, type Where } from "./claim.ts";

const [scenario, target] = ["federation", "xmpp@prosody"] as const;
const cellNamed = (variant: string) => ({ scenario, target, variant }) satisfies Where;

/** On one host, in clear and encrypted, and with a distance between the two. */
export const federatedCells = {
  clear: cellNamed("prosody to prosody, in clear"),
  encrypted: cellNamed("prosody to prosody, over TLS"),
  apart: cellNamed("prosody to prosody, over TLS, 40 ms apart"),
} as const;

export const federated = (...cells: readonly (typeof federatedCells)[keyof typeof federatedCells][]): Need => ({
  experiment: scenario,
  targets: [target],
  variants: cells.map(({ variant }) => variant),
});

/** On one host: encrypted, as servers of different owners meet, or in clear where a run has only that. */
export const seenBetween = (results: Decidable, metric: MetricName, what: string): Seen | undefined =>
  seenOf(results, metric, federatedCells.encrypted, what) ?? seenOf(results, metric, federatedCells.clear, what);
