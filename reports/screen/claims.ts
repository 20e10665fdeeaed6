/** What taught sentences are worth, in a line. */
import type { ClaimVerdict } from "../../results/contract/claim.ts";
import type { ReportView } from "../view/view.ts";

export interface ClaimsInShort {
  /** `do not hold: lb-leastconn; hold: bus-local-only.` */
  readonly named: string;
  /** `1 does not hold; 1 holds.` */
  readonly counted: string;
}

/** What surprises comes first; of one and of several. */
const words: Record<ClaimVerdict, readonly [string, string]> = {
  "does-not-hold": ["does not hold", "do not hold"],
  holds: ["holds", "hold"],
  "holds-when": ["holds on a condition", "hold on a condition"],
  "not-a-measurement": ["is not a measurement", "are not a measurement"],
  "not-measured": ["not measured", "not measured"],
};

export function claimsInShort({ claims }: ReportView): ClaimsInShort | undefined {
  if (claims.every(({ verdict }) => verdict === "not-measured")) return undefined;
  const byVerdict = Map.groupBy(claims, ({ verdict }) => verdict);
  const groups = (Object.keys(words) as ClaimVerdict[]).flatMap((verdict) => {
    const ids = byVerdict.get(verdict)?.map(({ id }) => id) ?? [];
    return ids.length === 0 ? [] : [{ ids, words: words[verdict][ids.length === 1 ? 0 : 1] }];
  });
  return {
    named: `${groups.map(({ ids, words }) => `${words}: ${ids.join(", ")}`).join("; ")}.`,
    counted: `${groups.map(({ ids, words }) => `${ids.length} ${words}`).join("; ")}.`,
  };
}
