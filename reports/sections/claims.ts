/** What is taught, and what this run says of it. */
import type { ClaimVerdict, DecidedClaim, Evidence, Instead } from "../../results/contract/claim.ts";
import { metricNamed } from "../../results/metrics/metrics.ts";
import { formatInterval } from "../../results/quantities/format.ts";
import { blocks, bullets, escapeText } from "../text/markdown.ts";
import type { ReportView } from "../view/view.ts";
import { type Section, textSection } from "./section.ts";

const words: Record<ClaimVerdict, string> = {
  holds: "**Holds**",
  "holds-when": "**Holds when**",
  "does-not-hold": "**Does not hold**",
  "not-a-measurement": "Not a measurement",
  "not-measured": "Not measured",
};

/** More numbers than this are in results.json. */
const evidenceMax = 2;

export function claimsSection({ claims }: ReportView): Section | undefined {
  if (claims.length === 0) return undefined;
  return textSection(
    blocks(
      "## Claims: what is taught, and what was seen",
      bullets(
        claims.map((claim) =>
          `**${escapeText(claim.id)}** ${escapeText(claim.statement)} ${verdictOf(claim)}. ${evidenceOf(claim.evidence)}`.trimEnd(),
        ),
      ),
    ),
  );
}

function verdictOf({ verdict, when, instead, because, command }: DecidedClaim): string {
  if (instead !== undefined) return `${words[verdict]} but ${insteadOf(instead)}`;
  if (because !== undefined) return `${words[verdict]}, since ${escapeText(because)}: \`${command}\``;
  return when === undefined ? words[verdict] : `${words[verdict]} ${escapeText(when)}`;
}

const kinds: Record<Instead["kind"], string> = { fact: "a fact", opinion: "an opinion" };

function insteadOf({ kind, says, sources }: Instead): string {
  const where = sources.length === 0 ? "" : ` (${sources.map(escapeText).join("; ")})`;
  return `${kinds[kind]}: ${escapeText(says)}${where}`;
}

/** By metric, so that its name is said once. */
function evidenceOf(evidence: readonly Evidence[]): string {
  const shown = evidence.slice(0, evidenceMax);
  const groups = [...Map.groupBy(shown, ({ metric }) => metric)].map(([metric, own]) => {
    const { title, unit } = metricNamed(metric);
    const numbers = own.map(({ what, ...interval }) => `${escapeText(what)} ${formatInterval(interval, unit)}`);
    return `${escapeText(title)}: ${numbers.join(", ")}`;
  });
  const more = evidence.length - shown.length;
  const all = [...groups, ...(more > 0 ? [`${more} more`] : [])];
  return all.length === 0 ? "" : `Seen: ${all.join("; ")}.`;
}
