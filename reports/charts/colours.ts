/** What a figure needs to know of a line: its name, and the place of its kind, which decides the colour. */
export interface ColouredRow {
  readonly name: string;
  readonly info?: { readonly position: number } | undefined;
}

/**
 * One colour per protocol in every report, by its place in the registry, so that reports can be laid side by side.
 * The set of Okabe and Ito, which colour-blind readers can tell apart, its yellow darkened to show on white; the
 * floor, which comes first, is grey. Protocols beyond the set start it again.
 */
export const palette = [
  "#6e7781",
  "#0072b2",
  "#e69f00",
  "#d55e00",
  "#cc79a7",
  "#009e73",
  "#56b4e9",
  "#a08c00",
  "#332288",
  "#882255",
] as const;

/** A target that results do not describe takes the place it has in the report. */
export const colourOf = (row: ColouredRow, rows: readonly ColouredRow[]): string =>
  palette[(row.info?.position ?? rows.indexOf(row)) % palette.length]!;

/** Colours of two quantities in one figure. */
export const firstColour = "#0072b2";
export const secondColour = "#e69f00";
export const thirdColour = "#56b4e9";

/** A colour scale that gives each row its protocol's colour. */
export const rowColours = (rows: readonly ColouredRow[]) => ({
  domain: rows.map(({ name }) => name),
  range: rows.map((row) => colourOf(row, rows)),
});
