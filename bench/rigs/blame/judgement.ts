/** What became of all missing deliveries of a window: a number for each culprit, and who did what, in words. */
import type { Flag } from "../../../results/contract/results.ts";
import { derailedCodes } from "../../../results/validity/disturbances.ts";
import { causeOf, causeOfOutage, starvedLinks } from "./causes.ts";
import type { Cause, Culprit, Evidence, MissingDelivery } from "./evidence.ts";

/** Every culprit, and the metric that counts what it lost. */
export const metricOfCulprit = {
  broker: "missingDueToBrokerDeliveries",
  node: "missingDueToNodeDeliveries",
  "load-balancer": "missingDueToLoadBalancerDeliveries",
  users: "missingDueToUsersDeliveries",
  machine: "missingDueToMachineDeliveries",
  unknown: "missingOfUnknownCauseDeliveries",
} as const satisfies Record<Culprit, string>;

export type BlameCounts = Record<(typeof metricOfCulprit)[Culprit], number>;

export interface Judgement {
  /** They add up to what is missing. */
  readonly counts: BlameCounts;
  readonly flags: readonly Flag[];
  /** What the experiment ordered, each with what it cost: results, and no accusations. */
  readonly ordered: readonly { readonly subject: string; readonly what: string }[];
}

/** A deed and how many deliveries it cost. */
type Deed = Cause & { deliveries: number };

export function judge(deliveries: readonly MissingDelivery[], unlisted: number, evidence: Evidence): Judgement {
  const deeds = new Map<string, Deed>();
  const charge = (cause: Cause, count: number): void => {
    const { culprit, subject, ordered, why } = cause;
    const key = JSON.stringify([culprit, subject, ordered, why]);
    const deed = deeds.get(key) ?? { ...cause, deliveries: 0 };
    deed.deliveries += count;
    deeds.set(key, deed);
  };
  for (const [index, delivery] of deliveries.entries()) charge(causeOf(delivery, index, evidence), 1);
  if (unlisted > 0)
    charge({ culprit: "unknown", subject: "wirebench", ordered: false, why: beyond(deliveries) }, unlisted);
  const all = [...deeds.values()].sort((a, b) => b.deliveries - a.deliveries);
  const missing = deliveries.length + unlisted;
  return {
    counts: countsOf(all),
    flags: [...all.filter(({ ordered }) => !ordered).map((deed) => flagOf(deed, missing)), ...derailments(evidence)],
    ordered: all
      .filter(({ ordered }) => ordered)
      .map(({ subject, why, deliveries: cost }) => ({
        subject,
        what: `${why}, as ordered: ${cost} of ${missing} missing deliveries`,
      })),
  };
}

const beyond = ({ length }: readonly unknown[]): string => `asks for the cause of the first ${length} only`;

function countsOf(deeds: readonly Deed[]): BlameCounts {
  const counts = Object.fromEntries(Object.values(metricOfCulprit).map((name) => [name, 0])) as BlameCounts;
  for (const { culprit, deliveries } of deeds) counts[metricOfCulprit[culprit]] += deliveries;
  return counts;
}

/** Only what the system under test did is a result; what wirebench or the machine lost makes the number of losses untrue. */
function flagOf({ culprit, subject, why, deliveries }: Deed, missing: number): Flag {
  const message = `${deliveries} of ${missing} missing deliveries: ${subject} ${why}`;
  const code = `missing-due-to-${culprit}`;
  switch (culprit) {
    case "users":
      return { code, severity: "fatal", cause: "wirebench", message };
    case "machine":
      return { code, severity: "fatal", cause: "machine", message };
    case "unknown":
      return { code: "missing-of-unknown-cause", severity: "warning", cause: "wirebench", message };
    default:
      return { code, severity: "defect", cause: "target", message };
  }
}

/** Where a busy machine changed the course of a trial, whether or not anything was lost. */
export function derailments(evidence: Evidence): Flag[] {
  const cuts = (evidence.outages ?? []).map((outage) => causeOfOutage(outage, evidence));
  const of = (causes: readonly Cause[], culprit: Culprit, code: string): Flag[] =>
    [
      ...Map.groupBy(
        causes.filter((cause) => cause.culprit === culprit),
        ({ subject, why }) => `${subject} ${why}`,
      ),
    ].map(([message, { length }]) => ({
      code,
      severity: "warning",
      cause: culprit === "machine" ? "machine" : "wirebench",
      message: code === derailedCodes.cut ? `${message}: ${length} users were cut off` : message,
    }));
  return [
    ...of(cuts, "machine", derailedCodes.cut),
    ...of(
      cuts.filter(({ ordered }) => !ordered),
      "users",
      derailedCodes.cut,
    ),
    ...of(starvedLinks(evidence), "machine", derailedCodes.link),
  ];
}
