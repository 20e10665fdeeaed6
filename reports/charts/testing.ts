/** Whether a reader can read a figure, whatever the screen and its scheme. */
import assert from "node:assert/strict";
import { Parser } from "@xmpp/xml";
import { ground } from "./colours.ts";

/** Of a telephone, in CSS pixels, less the margins of a page. */
const narrowPx = 328;
const textMinPx = 9.5;

export function assertReadable(file: string, svg: string): void {
  assert.ok(isWellFormed(svg), file);
  assert.doesNotMatch(svg, /NaN|undefined|Infinity/, file);
  assert.ok(svg.includes(`fill="${ground}"`), `${file} has no ground of its own`);
  assert.match(svg, /^<svg[^>]*><style>@media \(prefers-color-scheme: dark\) \{/, file);
  const width = Number(/ width="([\d.]+)"/.exec(svg)![1]);
  const sizes = [...svg.matchAll(/font-size="(\d+)px"/g)].map(([, size]) => Number(size));
  assert.ok(sizes.length > 0, file);
  const smallest = Math.min(...sizes) * Math.min(1, narrowPx / width);
  assert.ok(smallest >= textMinPx, `${file}: text of ${smallest.toFixed(1)} px on a telephone, ${width} wide`);
}

/** Whether the text is one XML element whose tags match. */
function isWellFormed(xml: string): boolean {
  let ended = false;
  const parser = new Parser();
  parser.on("end", () => {
    ended = true;
  });
  parser.on("error", (error) => {
    throw error;
  });
  parser.write(xml);
  return ended;
}
