import assert from "node:assert/strict";
import { it } from "node:test";
import { type MetricName, metricNamed } from "../../../results/metrics/metrics.ts";
import { renderReport } from "../../report.ts";
import { cellOf, resultsOf, sixTargets, trialWith } from "../../testing.ts";
import { capitalised } from "../section.ts";

const deciding: readonly MetricName[] = ["ageMeanUs", "pushP50Us", "wireBytesPerUpdate"];
const others: readonly MetricName[] = [
  ...(["pushP90Us", "pushP99Us", "pushMaxUs", "pushMeanUs", "parkedPollP50Us", "parkedPollP90Us"] as const),
  ...([
    "betweenPollsP50Us",
    "betweenPollsP90Us",
    "betweenPollsMaxUs",
    "connectionsPerMessage",
    "lostMessages",
  ] as const),
];

async function sectionOf(name: string, shown: readonly MetricName[]): Promise<string> {
  const cells = [1, 2].map((index) => {
    const measures = Object.fromEntries(shown.map((metric, place) => [metric, (place + 2) * index]));
    return cellOf(name, sixTargets[index]!, [trialWith({ measures })]);
  });
  const info = { name, title: "Much of it", group: "latency", question: "What matters?" };
  const report = (await renderReport({ ...resultsOf(cells), experiments: [info] })).get("report.md")!;
  return report.slice(report.indexOf("### Much of it"));
}

const headsOf = (markdown: string): string[][] =>
  [...markdown.matchAll(/^\| (?:Target|Variant) .*$/gm)].map(([head]) =>
    head
      .split("|")
      .slice(2, -1)
      .map((title) => title.trim()),
  );

const titleOf = (metric: MetricName): string => capitalised(metricNamed(metric).title);

it("a table leads with what decides; the rest is folded by theme in tables no wider, and nothing is lost", async () => {
  const section = await sectionOf("push", [...deciding, ...others]);
  const [lead, ...folded] = headsOf(section.slice(0, section.indexOf("## What the columns mean")));
  assert.deepEqual(lead, [...deciding.map(titleOf).slice(0, 2), titleOf("pushP99Us"), titleOf("wireBytesPerUpdate")]);
  assert.match(section, /<summary>Cost, delivery and loss and timing: 10 more numbers<\/summary>/);
  assert.ok(section.indexOf("**Timing**") > section.indexOf("<details>"));
  for (const head of folded) assert.ok(head.length <= 8, head.join(", "));
  assert.deepEqual([...lead!, ...folded.flat()].sort(), [...deciding, ...others].map(titleOf).sort());
});

it("a table that is not wide stays whole", async () => {
  const section = await sectionOf("push", ["pushP50Us", "pushMaxUs", "lostMessages"]);
  assert.doesNotMatch(section.slice(0, section.indexOf("## What")), /<summary>.*more number/);
  assert.equal(headsOf(section)[0]?.length, 3);
});
