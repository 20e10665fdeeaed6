/** Names that fit a narrow column and still tell their owners apart. */
import { widthOf } from "../text/wrap.ts";

export const shortNameWidth = 14;

/** By name; those that would be taken for another keep their length. */
export function shortNamesOf(names: readonly string[]): ReadonlyMap<string, string> {
  const short = names.map(shortened);
  return new Map(
    names.map((name, index) => {
      const alike = short.filter((other) => other === short[index]).length;
      return [name, alike > 1 ? name : short[index]!];
    }),
  );
}

/** `Short polling every 100 ms` without its last words; a single long word, a URL say, without its middle. */
function shortened(name: string): string {
  if (widthOf(name) <= shortNameWidth) return name;
  const end = name.slice(0, shortNameWidth + 1).lastIndexOf(" ");
  if (end > shortNameWidth / 2) return name.slice(0, end);
  const letters = [...name];
  const half = (shortNameWidth - 2) / 2;
  return `${letters.slice(0, half).join("")}…${letters.slice(-half - 1).join("")}`;
}
