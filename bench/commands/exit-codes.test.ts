import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WirebenchError } from "../../protocol/errors.ts";
import { madeUpCell, madeUpResults, sixTargets } from "../../reports/testing.ts";
import type { Cell, Results } from "../../results/contract/results.ts";
import { compareResults } from "../../results/regression/regression.ts";
import { exitCodeOf, exitCodeOfComparison, exitCodeOfError, whyNothing } from "./exit-codes.ts";

const [tcp, websocket] = sixTargets;
const measured = madeUpCell("echo", websocket!);
const { target, protocol, scenario, parameters } = measured;
const unmeasured = (state: "failed" | "refused" | "not-run"): Cell =>
  ({ target, protocol, scenario, parameters, state, reason: "so it is", trials: [] }) as Cell;
const invalid = madeUpCell("echo", { ...websocket!, verdict: { echo: "invalid" } });

const codeOf = (...cells: Cell[]) => exitCodeOf({ interrupted: false, cells });

describe("the exit code of a run", () => {
  it("is 0 if something was measured and may be believed", () => {
    assert.equal(codeOf(measured), 0);
    assert.equal(codeOf(measured, unmeasured("not-run")), 0);
  });

  it("is 4 if nothing was measured", () => {
    assert.equal(codeOf(unmeasured("not-run")), 4);
    assert.equal(codeOf(), 4);
  });

  it("comes with a last line that says why, if nothing was measured", () => {
    const why = (...cells: Cell[]) => whyNothing({ interrupted: false, cells });
    assert.equal(why(measured, unmeasured("failed")), undefined);
    assert.equal(why(unmeasured("not-run"), unmeasured("not-run")), "Nothing was measured: not run: so it is");
    assert.match(why(unmeasured("failed"), unmeasured("not-run"))!, /failed: so it is \(and 1 reason more\)$/);
    assert.equal(why(), "Nothing was measured: there was no cell to measure");
    assert.equal(whyNothing({ interrupted: true, cells: [] }), undefined);
  });

  it("is that of the worst thing that happened", () => {
    assert.equal(codeOf(measured, invalid), 4);
    assert.equal(codeOf(measured, invalid, unmeasured("refused")), 3);
    assert.equal(codeOf(measured, unmeasured("refused"), unmeasured("failed")), 1);
    assert.equal(exitCodeOf({ interrupted: true, cells: [unmeasured("failed")] }), 130);
  });
});

describe("the exit code of a comparison", () => {
  const before = madeUpResults([tcp!, websocket!]);
  const codeAfter = (after: Results, first = before) => exitCodeOfComparison(compareResults(first, after, 0.05));

  it("is 0 where nothing became worse, and 5 where something did", () => {
    assert.equal(codeAfter(before), 0);
    assert.equal(codeAfter(madeUpResults([tcp!, { ...websocket!, roundTripUs: 10 }])), 0);
    assert.equal(codeAfter(madeUpResults([tcp!, { ...websocket!, roundTripUs: 300 }])), 5);
  });

  it("is 4 where a cell may be believed no longer, or nothing can be compared", () => {
    assert.equal(codeAfter(madeUpResults([tcp!, { ...websocket!, verdict: { echo: "invalid" } }])), 4);
    const none = { ...before, cells: [unmeasured("not-run")] };
    assert.equal(codeAfter(none, none), 4);
    const nothing = { ...before, cells: [invalid] };
    assert.equal(codeAfter(nothing, nothing), 4);
  });

  it("is 4 where too few trials leave every number without an interval", () => {
    const once = madeUpResults([tcp!, websocket!], { trials: 1 });
    assert.equal(codeAfter(once, once), 4);
  });
});

describe("the exit code of an error", () => {
  it("is 2 for what the caller did wrong, and 1 for the rest", () => {
    assert.equal(exitCodeOfError(new WirebenchError("usage", "no such target")), 2);
    assert.equal(exitCodeOfError(new Error("disk full")), 1);
  });
});
