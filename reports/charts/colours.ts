/**
 * Every colour of a figure, on a light page and on a dark one. A colour means one thing: the protocol, or where brokers are
 * set side by side the broker. Whatever else a figure tells apart, it does by shape, by place and in words.
 */

/** What a figure needs to know of a line: its name, and the place of its kind, which decides the colour. */
export interface ColouredRow {
  readonly name: string;
  readonly info?: { readonly position: number } | undefined;
}

export const ground = "#ffffff";
export const ink = "#1f2328";
export const quietInk = "#59636e";
export const gridInk = "#d9dee3";

/**
 * One colour per protocol in every report, by its place in the registry, so that reports can be laid side by side.
 * The set of Okabe and Ito, which colour-blind readers can tell apart, darkened where it would not show on white; the
 * floor, which comes first, is grey. Protocols beyond the set start it again.
 */
export const palette = [
  "#6e7781",
  "#0072b2",
  "#b87a00",
  "#d55e00",
  "#b8568f",
  "#00875f",
  "#2b87bd",
  "#857200",
  "#4b3aa8",
  "#99255c",
] as const;

/** What becomes of them on a dark page. */
export const onDark: Readonly<Record<string, string>> = {
  [ground]: "#0d1117",
  [ink]: "#f0f6fc",
  [quietInk]: "#a3acb6",
  [gridInk]: "#2f363d",
  "#6e7781": "#9aa4ae",
  "#0072b2": "#3f9ee0",
  "#b87a00": "#e6a81f",
  "#d55e00": "#f0803c",
  "#b8568f": "#dd84b8",
  "#00875f": "#24b58a",
  "#2b87bd": "#6cc0f0",
  "#857200": "#c4ae2a",
  "#4b3aa8": "#a093f5",
  "#99255c": "#e0689f",
};

/**
 * A figure follows the reader's scheme wherever it stands, ground and all, so that it reads even where the page around it
 * does not follow. Presentation attributes give way to any style sheet.
 */
export const darkStyle = `<style>@media (prefers-color-scheme: dark) {${Object.entries(onDark)
  .map(([light, dark]) => `[fill="${light}"]{fill:${dark}}[stroke="${light}"]{stroke:${dark}}`)
  .join("")}}</style>`;

/** A target that results do not describe takes the place it has in the report. */
export const colourOf = (row: ColouredRow, rows: readonly ColouredRow[]): string =>
  palette[(row.info?.position ?? rows.indexOf(row)) % palette.length]!;

/** Of what has no protocol or broker to tell apart. */
export const plainColour = palette[1];

/** A colour scale that gives each row its protocol's colour. */
export const rowColours = (rows: readonly ColouredRow[]) => ({
  domain: rows.map(({ name }) => name),
  range: rows.map((row) => colourOf(row, rows)),
});
