/** Long reports that open with what decides: the rest is folded under its headings. */
import { formatList, plural } from "../../results/quantities/format.ts";

/** A heading of the second level begins a part; everything before the first stays open, and so many parts after that. */
export function folded(markdown: string, openParts = 0): string {
  const [open, ...parts] = markdown.split(/^(?=## )/m);
  return [open!, ...parts].map((part, index) => (index > openParts ? foldedPart(part) : part.trim())).join("\n\n");
}

function foldedPart(part: string): string {
  const [heading, ...lines] = part.trim().split("\n");
  const body = lines.join("\n").trim();
  if (body === "") return heading!;
  return `${heading}\n\n<details>\n<summary>${contentsOf(body)}</summary>\n\n${body}\n\n</details>`;
}

/** What is in it, so that a reader knows whether to open it. */
function contentsOf(body: string): string {
  const count = (pattern: RegExp): number => body.match(pattern)?.length ?? 0;
  const things = [
    ["table", count(/^\| ?-+/gm)],
    ["chart", count(/^!\[/gm)],
  ] as const;
  const words = things.filter(([, number]) => number > 0).map(([noun, number]) => plural(number, noun));
  return formatList([...words, words.length > 0 ? "notes" : "Notes"]);
}
