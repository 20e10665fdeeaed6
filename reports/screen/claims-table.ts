/** Decided claims as lines of a terminal: all of them one line each, those that were named with everything behind the verdict. */
import { claims as allClaims, chapterOf } from "../../results/claims/claims.ts";
import type { ClaimVerdict, DecidedClaim } from "../../results/contract/claim.ts";
import type { Results } from "../../results/contract/results.ts";
import { plural } from "../../results/quantities/format.ts";
import { oneLine } from "../text/markdown.ts";
import { cut, hang, wrap } from "../text/wrap.ts";
import { afterVerdict, evidenceInWords, insteadInWords, kinds, verdictWords } from "../view/claim-in-words.ts";
import { viewOf } from "../view/view.ts";
import type { TerminalLook } from "./terminal.ts";

/** What a line says of a claim. */
const lineWords: Record<ClaimVerdict, string> = { ...verdictWords, "not-a-measurement": "no measurement" };

const tones = {
  holds: "good",
  "holds-when": "good",
  "does-not-hold": "bad",
  "not-a-measurement": "quiet",
  "not-measured": "doubt",
} as const satisfies Record<ClaimVerdict, Parameters<TerminalLook["paint"]>[0]>;

const gap = "  ";
/** Where the words behind a verdict begin. */
const detailAt = 14;

type Told = Pick<Results, "claims" | "cells" | "interrupted">;

/** `named`: ids that get everything said; where there are none, every claim gets its line. */
export function renderClaims(
  { claims, cells, interrupted }: Told,
  look: TerminalLook,
  named: readonly string[] = [],
): string {
  const detailed = claims.filter(({ id }) => named.includes(id));
  const lines =
    detailed.length > 0
      ? detailed.flatMap((claim) => [...detailsOf(claim, look), ""])
      : [...tableOf(claims, look), ...wrap(moreOfEach, look.columns)];
  return [
    ...lines,
    ...(interrupted ? [] : notRun(cells, look)),
    ...wrap(tallyOf(detailed.length > 0 ? detailed : claims), look.columns),
  ].join("\n");
}

/** Of results that were measured before; where not all claims were asked for, those that were get everything said. */
export function renderClaimsAgain(results: Results, look: TerminalLook): string {
  const asked = results.claimsAsked ?? [];
  const own = viewOf(results).claims.filter(({ id }) => asked.includes(id));
  return renderClaims({ ...results, claims: own }, look, own.length < allClaims.length ? asked : []);
}

const moreOfEach = "Under which condition, with which intervals, and what would turn each: in the report.";

/** While it goes on, how far it is. */
export const renderTally = ({ claims }: Told, { columns }: TerminalLook): string[] => wrap(tallyOf(claims), columns);

function tableOf(claims: readonly DecidedClaim[], look: TerminalLook): string[] {
  const idWidth = Math.max(...claims.map(({ id }) => id.length));
  const verdictWidth = Math.max(...claims.map(({ verdict }) => lineWords[verdict].length));
  const chapters = [...Map.groupBy(claims, ({ id }) => chapterOf(id))];
  return chapters.flatMap(([chapter, own]) => [
    look.paint("strong", chapter),
    ...own.map((claim) => {
      const verdict = look.paint(tones[claim.verdict], lineWords[claim.verdict].padEnd(verdictWidth));
      const room = look.columns - idWidth - verdictWidth - 2 * gap.length;
      return `${claim.id.padEnd(idWidth)}${gap}${verdict}${gap}${cut(inShort(claim), room)}`.trimEnd();
    }),
    "",
  ]);
}

/** The number that decides, or the condition, or why there is none. */
function inShort(claim: DecidedClaim): string {
  if (claim.inShort !== undefined)
    return claim.instead === undefined ? claim.inShort : `${kinds[claim.instead.kind]}: ${claim.inShort}`;
  const [first = ""] = evidenceInWords(claim.evidence);
  if (claim.instead !== undefined) return insteadInWords(claim.instead);
  return afterVerdict(claim) || first;
}

function detailsOf(claim: DecidedClaim, look: TerminalLook): string[] {
  const { id, statement, verdict, cause, evidence, flipsAt, command } = claim;
  const say = (label: string, text: string): string[] =>
    hang(`  ${label}`, text, { columns: look.columns, at: detailAt });
  const rest = afterVerdict(claim);
  const words = `${verdictWords[verdict]}${verdict === "not-measured" ? `, since ${rest}` : rest === "" ? "" : ` ${rest}`}`;
  const [first, ...others] = say("verdict", words);
  return [
    ...wrap(`${id}: ${oneLine(statement)}`, look.columns, gap).map((line, index) =>
      index === 0 ? look.paint("strong", id) + line.slice(id.length) : line,
    ),
    first!.slice(0, detailAt) + look.paint(tones[verdict], first!.slice(detailAt)),
    ...others,
    ...(cause === undefined ? [] : say("why", oneLine(cause))),
    ...evidenceInWords(evidence).flatMap((text, index) => say(index === 0 ? "seen" : "", text)),
    ...(verdict === "not-a-measurement" ? [] : say("turns with", oneLine(flipsAt))),
    `  ${"again".padEnd(detailAt - 2)}${command}`,
  ];
}

/** What kept cells from running, each reason once; it says what to install. */
function notRun(cells: Results["cells"], look: TerminalLook): string[] {
  const reasons = cells.flatMap((cell) => (cell.state === "not-run" ? [oneLine(cell.reason)] : []));
  const counted = [...Map.groupBy(reasons, (reason) => reason)];
  return counted.flatMap(([reason, own]) =>
    hang("Not run", `${reason} (${plural(own.length, "cell")})`, { columns: look.columns, at: 10 }),
  );
}

const tallyOrder: readonly ClaimVerdict[] = [
  "holds",
  "holds-when",
  "does-not-hold",
  "not-a-measurement",
  "not-measured",
];

/** `Claims: 12 hold, 9 hold when, 2 do not hold, 4 not a measurement, 1 not measured.` */
function tallyOf(claims: readonly DecidedClaim[]): string {
  const counts = tallyOrder.flatMap((verdict) => {
    const count = claims.filter((claim) => claim.verdict === verdict).length;
    return count === 0
      ? []
      : [`${count} ${count === 1 ? verdictWords[verdict] : (severalWords[verdict] ?? verdictWords[verdict])}`];
  });
  return `${plural(claims.length, "claim")}: ${counts.join(", ") || "none"}.`;
}

const severalWords: Partial<Record<ClaimVerdict, string>> = {
  holds: "hold",
  "holds-when": "hold when",
  "does-not-hold": "do not hold",
};
