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

/** Last words that matter more than those before them, as they are written where there is little room. */
const endings = [
  [" over TLS", "+TLS"],
  [" with STARTTLS", "+STARTTLS"],
] as const;

function shortened(name: string): string {
  if (widthOf(name) <= shortNameWidth) return name;
  const [long, short] = endings.find(([words]) => name.endsWith(words)) ?? ["", ""];
  return `${cut(name.slice(0, name.length - long.length), shortNameWidth - short.length)}${short}`;
}

/** What such a word is about says more than all before it. */
const dangling = / (on|over|with)$/;

/**
 * `Short polling every 100 ms` without its last words, unless they are what tells; where the width would leave half of it or
 * less, the next word stays all the same. A single long word, a URL say, without its middle.
 */
function cut(name: string, width: number): string {
  if (widthOf(name) <= width) return name;
  if (name.includes(" ")) {
    const within = name.slice(0, width + 1).lastIndexOf(" ");
    const beyond = name.indexOf(" ", width);
    const end = within > width / 2 ? within : beyond < 0 ? name.length : beyond;
    return dangling.test(name.slice(0, end)) ? name : name.slice(0, end);
  }
  const letters = [...name];
  const half = Math.floor((width - 2) / 2);
  return `${letters.slice(0, half).join("")}…${letters.slice(-half - 1).join("")}`;
}

/** The words that the width has room for, and an ellipsis; a name of one word as it is. */
export function withoutLastWords(name: string, width: number): string {
  if (widthOf(name) <= width) return name;
  const end = name.slice(0, width).lastIndexOf(" ");
  return end < 0 ? name : `${name.slice(0, end).replace(/,$/, "")}…`;
}
