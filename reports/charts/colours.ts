import type { TargetRow } from "../view.ts";

/**
 * One colour per protocol in every report, so that reports can be laid side by side. The set of Okabe and Ito, which
 * colour-blind readers can tell apart, its yellow darkened to show on white; the floor is grey.
 */
const protocolColours: Readonly<Record<string, string>> = {
  tcp: "#6e7781",
  websocket: "#0072b2",
  sse: "#e69f00",
  "short-polling": "#d55e00",
  "long-polling": "#cc79a7",
  xmpp: "#009e73",
  "xmpp-websocket": "#56b4e9",
  bosh: "#a08c00",
};

/** For protocols that came later. */
const otherColours = ["#332288", "#882255", "#117733", "#994f00"] as const;

export function colourOf(row: TargetRow, rows: readonly TargetRow[]): string {
  const known = protocolColours[row.protocol];
  if (known !== undefined) return known;
  const strangers = [...new Set(rows.map(({ protocol }) => protocol))].filter((name) => !(name in protocolColours));
  return otherColours[strangers.indexOf(row.protocol) % otherColours.length]!;
}

/** Colours of two quantities in one figure. */
export const firstColour = "#0072b2";
export const secondColour = "#e69f00";
export const thirdColour = "#56b4e9";

/** A colour scale that gives each row its protocol's colour. */
export const rowColours = (rows: readonly TargetRow[]) => ({
  domain: rows.map(({ name }) => name),
  range: rows.map((row) => colourOf(row, rows)),
});
