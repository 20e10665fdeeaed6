import {
  type Claim,
  evidenceOf,
  hasNodes,
  ignoresCookies,
  inWords,
  keepsStateOutside,
  seenIn,
  valueInWords,
} from "./claim.ts";
import { isStream } from "./spread.ts";

export const lbState: Claim = {
  id: "lb-state",
  statement:
    "Stateless REST services do not mind which instance answers; WebSocket connections, whose state lives on one instance, do.",
  about: "Horizontal scaling",
  needs: [
    { experiment: "stickiness", variants: ["round-robin"] },
    { experiment: "state-after-kill", variants: ["state outside"] },
  ],
  flipsAt:
    "users behind round-robin who all find the state of their node, or one who misses state that is kept outside",
  decide(results) {
    const onNode = seenIn(
      results,
      "rejoinFoundFraction",
      (cell) =>
        hasNodes(cell) &&
        isStream(results, cell) &&
        !keepsStateOutside(cell) &&
        !ignoresCookies(cell) &&
        cell.parameters.policy === "round-robin",
    );
    if (onNode.length === 0) {
      return { verdict: "not-measured", because: "no cell brought users back without stickiness" };
    }
    const outside = (["rejoinFoundFraction", "foundAfterFaultFraction"] as const).flatMap((metric) =>
      seenIn(results, metric, (cell) => hasNodes(cell) && keepsStateOutside(cell)),
    );
    if (outside.length === 0) return { verdict: "not-measured", because: "no cell kept its state outside the nodes" };
    const within = seenIn(
      results,
      "stepsFoundFraction",
      (cell) => onNode.some((seen) => seen.cell === cell),
      () => "within one connection",
    );
    const evidence = evidenceOf(onNode, outside, within);
    const minds = onNode.every(({ high }) => high < 1) && outside.every(({ low }) => low === 1);
    if (!minds) return { verdict: "does-not-hold", evidence };
    const inShort = `found again: ${valueInWords(onNode[0]!)}, kept outside ${valueInWords(outside[0]!)}`;
    const [inside] = within;
    if (inside === undefined || inside.low < 1) return { verdict: "holds", inShort, evidence };
    return {
      verdict: "holds-when",
      when: `a user comes back: within one connection ${inWords(inside)} of the messages find the state`,
      inShort,
      evidence,
    };
  },
};
