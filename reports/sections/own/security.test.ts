import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Finding } from "../../../results/contract/finding.ts";
import type { Cell, Results } from "../../../results/contract/results.ts";
import { findingMeasures, probeNames } from "../../../results/recording/findings.ts";
import { renderReport, renderSummary } from "../../report.ts";
import { cellOf, resultsOf, sixTargets, trialWith } from "../../testing.ts";

function probed(index: number, outcomes: Partial<Record<string, Finding["outcome"]>>): Cell {
  const findings = probeNames.map((probe) => ({
    probe,
    outcome: outcomes[probe] ?? ("not-applicable" as const),
    evidence: outcomes[probe] === undefined ? "nothing there" : `seen of ${probe}`,
  }));
  return cellOf("security", sixTargets[index]!, [trialWith({ findings, measures: { ...findingMeasures(findings) } })]);
}

const open = { "early-message": "accepted", "cross-origin": "accepted", oversize: "refused-by-server" } as const;
const login = { "early-message": "refused-by-protocol", oversize: "left-out" } as const;
const all = (): Results => ({
  ...resultsOf([0, 1, 2, 3, 4].map((index) => probed(index, open)).concat(probed(5, login))),
  experiments: [{ name: "security", group: "security", title: "Security", question: "What is refused?" }],
});

describe("the security matrix", () => {
  it("stands in a terminal of 80 columns with six targets, every probe that had something to attack a row", () => {
    const lines = renderSummary(all()).split("\n");
    const head = lines.findIndex((line) => line.startsWith("probe "));
    for (const label of sixTargets.map(({ target }) => target)) assert.ok(lines[head]!.includes(label), label);
    assert.match(lines[head + 1]!, /^before login +build +build +build +build +build +spec$/);
    assert.match(lines[head + 2]!, /^oversize +server .*\?$/);
    assert.match(lines[head + 3]!, /^other origin +build .* –$/);
    assert.match(lines[head + 4]!, /^spec: refused as specified; server: /);
    for (const line of lines) assert.ok([...line].length <= 80, line);
  });

  it("keeps every target where their names leave no room, by number", () => {
    const results = all();
    const renamed = (text: string): string => `${text}-on-a-server-with-a-long-name`;
    const long = {
      ...results,
      cells: results.cells.map((cell) => ({ ...cell, target: renamed(cell.target) })),
      targets: results.targets.map((target) => ({ ...target, label: renamed(target.label) })),
    };
    const screen = renderSummary(long);
    assert.match(screen, /^probe +1 +2 +3 +4 +5 +6$/m);
    assert.match(screen.replaceAll("\n", " "), /1 tcp-on-a-server-with-a-long-name, 2 /);
  });

  it("says in the report what was seen, what an application builds and what a protocol brings", async () => {
    const report = (await renderReport(all())).get("report.md")!;
    assert.match(report, /\| Message before login +\| \*\*accepted\*\* .*\| refused by the protocol \|/);
    assert.match(report, /an application builds a login and a check of Origin\./);
    assert.match(report, /What \*\*[^*]+\*\* brought by specification: a login before messages\./);
    assert.match(report, /: \*\*accepted\*\*: seen of early-message\./);
    assert.match(report, /OMEMO, XEP-0384\) .*was not measured/);
    assert.doesNotMatch(report, /undefined|NaN/);
  });
});
