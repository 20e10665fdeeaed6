/** What is taught, and what this run says of it. */
import { chapterOf } from "../../results/claims/claims.ts";
import type { DecidedClaim } from "../../results/contract/claim.ts";
import { blocks, bullets, escapeText } from "../text/markdown.ts";
import { afterVerdict, evidenceInWords, verdictWords } from "../view/claim-in-words.ts";
import type { ReportView } from "../view/view.ts";
import { capitalised, type Section, textSection } from "./section.ts";

/** More numbers than this are in results.json. */
const evidenceMax = 6;

export function claimsSection({ claims }: ReportView): Section | undefined {
  if (claims.length === 0) return undefined;
  const chapters = [...Map.groupBy(claims, ({ id }) => chapterOf(id))];
  return textSection(
    blocks(
      "## Claims: what is taught, and what was seen",
      ...chapters.map(([chapter, own]) => blocks(`**${escapeText(chapter)}**`, bullets(own.map(claimInWords)))),
    ),
  );
}

/** Statement, verdict, evidence, what would turn it, and the command that measures it again. */
function claimInWords(claim: DecidedClaim): string {
  const { id, statement, verdict, cause, evidence, flipsAt, command } = claim;
  const shown = evidenceInWords(evidence.slice(0, evidenceMax)).map(escapeText);
  const more = evidence.length - evidenceMax;
  const seen = [...shown, ...(more > 0 ? [`${more} more`] : [])];
  const isNumber = verdict !== "not-a-measurement";
  return [
    `**${escapeText(id)}** ${escapeText(statement)}`,
    `${verdictOf(claim)}.`,
    ...(cause === undefined ? [] : [`Why: ${escapeText(cause)}.`]),
    ...(seen.length > 0 ? [`Seen: ${seen.join("; ")}.`] : []),
    ...(isNumber ? [`Turns with ${escapeText(flipsAt)}: \`${command}\``] : []),
  ].join(" ");
}

function verdictOf(claim: DecidedClaim): string {
  const words = capitalised(verdictWords[claim.verdict]);
  const rest = escapeText(afterVerdict(claim));
  if (claim.verdict === "not-measured") return `${words}, since ${rest}`;
  const verdict = claim.verdict === "not-a-measurement" ? words : `**${words}**`;
  return rest === "" ? verdict : `${verdict} ${rest}`;
}
