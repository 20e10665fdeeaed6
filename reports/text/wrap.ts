/** Plain text in lines of a given width. */

/** Columns a line has where nobody knows better: in a pipe, a file, a README. */
export const plainColumns = 80;

/** Columns that a text takes: one per code point, which holds for every sign the reports use themselves. */
export const widthOf = (text: string): number => [...text].length;

/**
 * Breaks a text between words; lines after the first begin with `indent`. A word longer than a line keeps a line of its
 * own rather than be cut: it is a path or a command that somebody will copy.
 */
export function wrap(text: string, columns: number, indent = ""): string[] {
  const lines: string[] = [];
  let line = /^ */.exec(text)![0];
  let isEmpty = true;
  for (const word of text.split(" ").filter((part) => part !== "")) {
    if (!isEmpty && widthOf(line) + 1 + widthOf(word) > columns) {
      lines.push(line);
      line = indent;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}

/** A term and what is said of it, the words hanging in a column of their own where there is room for one. */
export function hang(term: string, text: string, { columns, at }: { columns: number; at: number }): string[] {
  const roomMin = 24;
  if (columns - at < roomMin) return [...wrap(term, columns), ...wrap(`    ${text}`, columns, "    ")];
  const lines = wrap(text, columns - at).map((line) => " ".repeat(at) + line);
  if (widthOf(term) >= at) return [term, ...lines];
  return [term + lines[0]!.slice(widthOf(term)), ...lines.slice(1)];
}

/** The text, or its beginning and an ellipsis. */
export const cut = (text: string, width: number): string =>
  widthOf(text) > width ? `${[...text].slice(0, Math.max(0, width - 1)).join("")}…` : text;
