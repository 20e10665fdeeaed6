import { policyNamed } from "../contract/policies.ts";
import { type Claim, evidenceOf, hasNodes, type Seen, seenIn } from "./claim.ts";
import { evenly, isStream } from "./spread.ts";

export const lbRoundRobin: Claim = {
  id: "lb-round-robin",
  statement: "HAProxy spreads connections round-robin by default.",
  about: "cluster",
  experiments: ["stickiness"],
  flipsAt: "a node that gets two new users more than another, with no balance configured",
  decide(results) {
    const most = seenIn(
      results,
      "connectionsMaxPerNode",
      (cell) => hasNodes(cell) && isStream(results, cell) && ["round-robin", "default"].includes(balanceOf(cell)),
    );
    if (most.length === 0) return { verdict: "not-measured", because: "no cell spread new users round-robin" };
    const evidence = evidenceOf(most);
    if (!most.every(evenly)) return { verdict: "does-not-hold", evidence };
    if (most.some(isDefault)) return { verdict: "holds", evidence };
    return { verdict: "holds-when", when: "round-robin is configured; the default itself was not measured", evidence };
  },
};

const balanceOf = ({ parameters }: Seen["cell"]): string => policyNamed(parameters.policy ?? "").balance;

const isDefault = ({ cell }: Seen): boolean => balanceOf(cell) === "default";
