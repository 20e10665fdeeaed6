import { policyPartsOf } from "../contract/cells.ts";
import type { MeasuredCell } from "../contract/results.ts";
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

const hasCookie = (cell: MeasuredCell): boolean =>
  hasNodes(cell) && !keepsStateOutside(cell) && policyPartsOf(cell).persistence === "cookie";

export const lbSticky: Claim = {
  id: "lb-sticky",
  statement: "A cookie that names the backend brings a user back to the instance that holds the state.",
  about: "Horizontal scaling",
  needs: [
    { experiment: "stickiness", variants: ["sticky", "sticky, cookie ignored"] },
    { experiment: "state-after-kill", variants: ["state on the node"] },
  ],
  flipsAt: "a user who sends its cookie back and finds another node while its own is there",
  decide(results) {
    const returned = seenIn(
      results,
      "rejoinFoundFraction",
      (cell) => hasCookie(cell) && cell.scenario === "stickiness",
    );
    const sent = returned.filter(({ cell }) => !ignoresCookies(cell));
    if (sent.length === 0) return { verdict: "not-measured", because: "no cell brought users back with a cookie" };
    const afterKill = (cell: MeasuredCell): boolean => hasCookie(cell) && cell.scenario === "state-after-kill";
    const killed = seenIn(results, "foundAfterFaultFraction", afterKill).filter(({ high }) => high < 1);
    const ignored = returned.filter(({ cell, high }) => ignoresCookies(cell) && high < 1);
    const evidence = evidenceOf(sent, ignored, killed);
    if (!sent.every(({ low }) => low === 1)) return { verdict: "does-not-hold", evidence };
    const conditions = [
      ...(ignored[0] === undefined ? [] : [`the client sends it back (else ${inWords(ignored[0])})`]),
      ...(killed[0] === undefined ? [] : [`the node lives (else ${inWords(killed[0])})`]),
    ];
    const inShort = [
      `found ${valueInWords(sent[0]!)}`,
      ...(ignored[0] === undefined ? [] : [`ignored ${valueInWords(ignored[0])}`]),
      ...(killed[0] === undefined ? [] : [`killed ${valueInWords(killed[0])}`]),
    ].join(", ");
    if (conditions.length === 0) return { verdict: "holds", inShort, evidence };
    return { verdict: "holds-when", when: conditions.join(" and "), inShort, evidence };
  },
};
