import { policyPartsOf } from "../contract/cells.ts";
import type { MeasuredCell } from "../contract/results.ts";
import { type Claim, evidenceOf, hasNodes, type Seen, seenIn } from "./claim.ts";
import { evenly, fullestInShort, isStream } from "./spread.ts";

export const lbRoundRobin: Claim = {
  id: "lb-round-robin",
  statement: "HAProxy spreads connections round-robin by default.",
  about: "Horizontal scaling",
  needs: [{ experiment: "policies", variants: ["HAProxy, reference set-up, round-robin"] }],
  flipsAt: "a node that gets two new users more than another, with no balance configured",
  decide(results) {
    const most = seenIn(
      results,
      "connectionsMaxPerNode",
      (cell) => hasNodes(cell) && isStream(results, cell) && isHaproxy(cell) && isRoundRobin(cell),
    );
    if (most.length === 0) return { verdict: "not-measured", because: "no cell spread new users round-robin" };
    const evidence = evidenceOf(most);
    const inShort = fullestInShort(most.find(isDefault) ?? most[0]!);
    if (!most.every(evenly)) return { verdict: "does-not-hold", evidence };
    if (most.some(isDefault)) return { verdict: "holds", inShort, evidence };
    const when = "round-robin is configured; the default itself was not measured";
    return { verdict: "holds-when", when, inShort, evidence };
  },
};

const balancerOf = ({ parameters }: MeasuredCell): string => String(parameters.settings.balancer ?? "haproxy");
const isHaproxy = (cell: MeasuredCell): boolean => balancerOf(cell).startsWith("haproxy");
const isRoundRobin = (cell: MeasuredCell): boolean => policyPartsOf(cell).balance === "round-robin";

/** The reference set-up says nothing of a balance where that is round-robin. */
const isDefault = ({ cell }: Seen): boolean => balancerOf(cell) === "haproxy-reference";
