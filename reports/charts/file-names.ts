/** Names the file of a figure from words, and takes the name. */
export type FigureFile = (...words: readonly string[]) => string;

/**
 * Name of a figure's file out of words that may hold anything: lower-case letters, digits and dashes, and a number
 * where the name is taken already.
 */
export function figureFile(taken: Set<string>, ...words: readonly string[]): string {
  const parts = words.map((word) =>
    word
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "")
      .slice(0, 40),
  );
  const name = parts.filter((part) => part !== "").join("-") || "figure";
  for (let number = 1; ; number++) {
    const file = number === 1 ? `${name}.svg` : `${name}-${number}.svg`;
    if (taken.has(file)) continue;
    taken.add(file);
    return file;
  }
}
