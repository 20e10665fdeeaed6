import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderClusterSummary } from "./terminal-summary.ts";
import { clusterResultsOf, madeUpArms, madeUpCell, madeUpClusterResults } from "./testing.ts";

describe("the cluster summary of a terminal", () => {
  it("has a line per prediction with its verdict, and fits", () => {
    const lines = renderClusterSummary(madeUpClusterResults()).split("\n");
    assert.match(lines[0]!, /^experiment +arm +quantity +expected +measured +verdict$/);
    assert.match(lines[1]!, /^coming-back +round-robin +found on coming back +20\.0–47\.0 % +38\.5 % +held$/);
    assert.match(lines[2]!, /^ +sticky +found on coming back +100 % +100 % +held$/);
    assert.match(lines[3]!, / 30\.0 % +did not hold$/);
    const table = lines.slice(0, lines.indexOf(""));
    assert.equal(table.length, 21);
    for (const line of table) assert.ok([...line].length <= 110, line);
  });

  it("says what held, and why an arm has no numbers", () => {
    const text = renderClusterSummary(madeUpClusterResults());
    assert.match(
      text,
      /^16 of 18 predictions held, 2 did not hold; measured: of up to 3 trials the one furthest from what was expected$/m,
    );
    assert.match(text, /^broker-kill, Kafka: not run: Kafka was not found/m);
    assert.match(text, /^broker-kill, Redis Streams: failed: the users' process exited$/m);
  });

  it("prints nothing of an invalid arm but why", () => {
    const flags = [{ code: "late", severity: "fatal", message: "the users\nstood still" }] as const;
    const invalid = madeUpCell({ ...madeUpArms[0]!, verdict: "invalid", flags: [...flags] });
    const text = renderClusterSummary(clusterResultsOf([invalid]));
    assert.match(text, /invalid +not measured$/m);
    assert.match(text, /^coming-back, round-robin: invalid: the users stood still$/m);
    assert.doesNotMatch(text, /38\.5/);
  });

  it("says that a run was interrupted, and nothing of an empty one", () => {
    assert.match(renderClusterSummary({ ...madeUpClusterResults(), interrupted: true }), /^Interrupted: /);
    assert.equal(renderClusterSummary(clusterResultsOf([])), "");
  });
});
