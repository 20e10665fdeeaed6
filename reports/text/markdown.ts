/** GitHub-flavoured markdown (spec 0.29) from text that may hold anything. */

/** One line of plain text that keeps its meaning inside a paragraph or a table cell. */
export function escapeText(text: string): string {
  return oneLine(text)
    .replace(/[\\`*_[\]<|~$]/g, "\\$&")
    .replaceAll("&", "&amp;");
}

/** Without line breaks and control characters, which neither markdown nor XML can carry. */
export const oneLine = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029\uFFFE\uFFFF\s]+/gu, " ")
    .trim();

/** A fenced block; the fence is longer than any run of backticks in it. */
export function codeBlock(language: string, text: string): string {
  const runs = text.match(/`+/g)?.map(({ length }) => length) ?? [];
  const fence = "`".repeat(Math.max(3, ...runs.map((length) => length + 1)));
  return `${fence}${language}\n${text}\n${fence}`;
}

export const image = (alt: string, file: string): string => `![${escapeText(alt)}](${file})`;

export const bullets = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join("\n");

/** Blocks with an empty line between them; empty ones left out. */
export const blocks = (...parts: readonly (string | undefined)[]): string => parts.filter(Boolean).join("\n\n");

/** `¹²`: a mark for a note, readable in a terminal too. */
export const superscript = (number: number): string =>
  [...String(number)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");
