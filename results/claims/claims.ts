/** The taught sentences that results decide about: one file each, one line here. */
import type { DecidedClaim } from "../contract/claim.ts";
import { busLocalOnly } from "./bus-local-only.ts";
import { busPubsub } from "./bus-pubsub.ts";
import type { Claim, Decidable } from "./claim.ts";
import { lbLeastconn } from "./lb-leastconn.ts";
import { lbRoundRobin } from "./lb-round-robin.ts";
import { lbState } from "./lb-state.ts";
import { lbSticky } from "./lb-sticky.ts";

export const claims: readonly Claim[] = [lbRoundRobin, lbState, lbSticky, lbLeastconn, busLocalOnly, busPubsub];

/** The verdict on every claim about what the results are of. */
export const decideClaims = (results: Decidable): DecidedClaim[] =>
  claims.filter(({ about }) => isAbout(results, about)).map((claim) => decided(claim, results));

const isAbout = ({ cells }: Decidable, about: Claim["about"]): boolean =>
  cells.some(({ parameters }) => (parameters.nodes === undefined ? "protocols" : "cluster") === about);

const programs: Record<Claim["about"], string> = { cluster: "wirebench cluster", protocols: "wirebench run" };
const choices: Record<Claim["about"], string> = { cluster: "--experiment", protocols: "--scenario" };

function decided(claim: Claim, results: Decidable): DecidedClaim {
  const { id, statement, about, experiments, flipsAt } = claim;
  const decision = claim.decide(results);
  return {
    id,
    statement,
    verdict: decision.verdict,
    ...(decision.verdict === "holds-when" && { when: decision.when }),
    ...(decision.verdict === "not-measured" && { because: decision.because }),
    evidence: decision.verdict === "not-measured" ? [] : [...decision.evidence],
    flipsAt,
    command: [programs[about], ...experiments.map((name) => `${choices[about]} ${name}`)].join(" "),
  };
}
