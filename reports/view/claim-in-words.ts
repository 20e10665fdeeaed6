/** A decided claim in words, the same in a terminal and in a report. */
import type { ClaimVerdict, DecidedClaim, Evidence, Instead } from "../../results/contract/claim.ts";
import { metricNamed } from "../../results/metrics/metrics.ts";
import { formatInterval } from "../../results/quantities/format.ts";
import { oneLine } from "../text/markdown.ts";

export const verdictWords: Record<ClaimVerdict, string> = {
  holds: "holds",
  "holds-when": "holds when",
  "does-not-hold": "does not hold",
  "not-a-measurement": "not a measurement",
  "not-measured": "not measured",
};

export const kinds: Record<Instead["kind"], string> = { fact: "a fact", opinion: "an opinion" };

/** What follows the words of the verdict: `users come back`, `but a fact: ... (RFC 6120)`; empty where nothing does. */
export function afterVerdict({ when, instead, because }: DecidedClaim): string {
  if (instead !== undefined) return `but ${insteadInWords(instead)}`;
  return oneLine(when ?? because ?? "");
}

export function insteadInWords({ kind, says, sources }: Instead): string {
  const where = sources.length === 0 ? "" : ` (${sources.map(oneLine).join("; ")})`;
  return `${kinds[kind]}: ${oneLine(says)}${where}`;
}

/** By metric, so that its name is said once: `round trip p50: websocket 1.2 ms (1.1–1.3), sse 1.9 ms (1.7–2.0)`. Of ratios also what they are over. */
export const evidenceInWords = (evidence: readonly Evidence[]): string[] =>
  [...Map.groupBy(evidence, ({ metric, over }) => JSON.stringify([metric, over])).values()].map((own) => {
    const { metric, over } = own[0]!;
    const { title, unit } = metricNamed(metric);
    const shown = over === undefined ? unit : "ratio";
    const numbers = own.map(({ what, ...interval }) => `${oneLine(what)} ${formatInterval(interval, shown)}`);
    return `${oneLine(title)}${over === undefined ? "" : ` over ${oneLine(over)}`}: ${numbers.join(", ")}`;
  });
