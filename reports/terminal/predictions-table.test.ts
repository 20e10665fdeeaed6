import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderSummary } from "../report.ts";
import { clusterResultsOf, madeUpClusterResults, madeUpVariant, madeUpVariants } from "../view/testing.ts";

describe("the predictions in a terminal", () => {
  it("has a line per prediction with its verdict, and fits", () => {
    const lines = renderSummary(madeUpClusterResults()).split("\n");
    assert.match(lines[0]!, /^experiment +cell +quantity +expected +measured +verdict$/);
    assert.match(lines[1]!, /^coming-back +round-robin +found on coming back +20\.0–47\.0 % +35\.0 % +held$/);
    assert.match(lines[2]!, /^ +sticky +found on coming back +100 % +100 % +held$/);
    assert.match(lines[3]!, / 30\.0 % +did not hold$/);
    const table = lines.slice(0, lines.indexOf(""));
    assert.equal(table.length, 21);
    for (const line of table) assert.ok([...line].length <= 110, line);
  });

  it("says what held, and why a cell has no numbers", () => {
    const text = renderSummary(madeUpClusterResults());
    assert.match(
      text,
      /^16 of 18 predictions held, 2 did not hold; measured: of up to 3 trials the one furthest from what was expected$/m,
    );
    assert.match(text, /^Kafka, broker-kill: not run: Kafka was not found/m);
    assert.match(text, /^Redis Streams, broker-kill: failed: the users' process exited$/m);
  });

  it("prints nothing of an invalid cell but why", () => {
    const flags = [{ code: "late", severity: "fatal", cause: "wirebench", message: "the users\nstood still" }] as const;
    const invalid = madeUpVariant({ ...madeUpVariants[0]!, verdict: "invalid", flags: [...flags] });
    const text = renderSummary(clusterResultsOf([invalid]));
    assert.match(text, /invalid +not measured$/m);
    assert.match(text, /^round-robin, coming-back: invalid: the users stood still$/m);
    assert.doesNotMatch(text, /38\.5/);
  });

  it("says that a run was interrupted, and nothing of an empty one", () => {
    assert.match(renderSummary({ ...madeUpClusterResults(), interrupted: true }), /^Interrupted: /);
    assert.equal(renderSummary(clusterResultsOf([])), "");
  });
});
