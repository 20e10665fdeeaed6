import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { madeUpCell, madeUpResults, resultsOf, sixTargets } from "../../reports/testing.ts";
import { type MeasuredCell, resultsJsonSchema, resultsSchema } from "./results.ts";

const measured = madeUpCell("echo", sixTargets[0]!) as MeasuredCell;
const {
  state: _state,
  validity: _validity,
  summary: _summary,
  predictions: _predictions,
  trials,
  ...identity
} = measured;
const accepts = (cell: object): boolean => resultsSchema.safeParse({ ...resultsOf([]), cells: [cell] }).success;

describe("results.json", () => {
  it("is read back as it was written", () => {
    const results = madeUpResults();
    assert.deepEqual(resultsSchema.parse(JSON.parse(JSON.stringify(results))), results);
  });

  it("has no measured cell without parameters, validity, trials, summary and predictions", () => {
    assert.equal(accepts(measured), true);
    for (const key of ["parameters", "validity", "trials", "summary", "predictions"] as const) {
      const { [key]: _, ...rest } = measured;
      assert.equal(accepts(rest), false, key);
    }
    assert.equal(accepts({ ...measured, trials: [] }), false);
  });

  it("keeps no summary of a cell that failed", () => {
    const failed = { ...identity, state: "failed", reason: "the server exited", trials };
    assert.equal(accepts(failed), true);
    const read = resultsSchema.parse({ ...resultsOf([]), cells: [{ ...failed, summary: measured.summary }] });
    assert.equal("summary" in read.cells[0]!, false);
  });

  it("has a reason for every cell that was not measured", () => {
    for (const state of ["refused", "not-run"]) {
      assert.equal(accepts({ ...identity, state }), false, state);
      assert.equal(accepts({ ...identity, state, reason: "because" }), true, state);
    }
  });

  it("is refused in another version, or with another kind of number, event or cause", () => {
    assert.equal(resultsSchema.safeParse({ ...madeUpResults(), schemaVersion: 1 }).success, false);
    assert.equal(accepts({ ...measured, parameters: { ...measured.parameters, connections: 0 } }), false);
    assert.equal(accepts({ ...measured, state: "measured?" }), false);
    const [first] = trials;
    const event = { atMs: 1, subject: "redis", what: "killed", kind: "fault" };
    assert.equal(accepts({ ...measured, trials: [{ ...first, events: [event] }] }), true);
    assert.equal(accepts({ ...measured, trials: [{ ...first, events: [{ ...event, kind: "rumour" }] }] }), false);
    const flag = { code: "lost", severity: "warning", cause: "target", message: "something was lost" };
    assert.equal(accepts({ ...measured, trials: [{ ...first, flags: [flag] }] }), true);
    assert.equal(accepts({ ...measured, trials: [{ ...first, flags: [{ ...flag, cause: "nobody" }] }] }), false);
  });

  it("has a JSON Schema that explains its fields", () => {
    const schema = JSON.stringify(resultsJsonSchema());
    assert.match(schema, /2020-12/);
    assert.match(schema, /95 % confidence interval, from one value per trial/);
  });

  it("takes measures, histograms and series by any name", () => {
    const [first] = trials;
    const series = { name: "queueBytes", title: "Queue", x: "timeMs", xs: [0, 1], values: [1, 2] };
    const open = { ...first, measures: { somethingNewUs: 1 }, histograms: { somethingNew: "" }, series: [series] };
    const read = resultsSchema.parse({ ...resultsOf([]), cells: [{ ...measured, trials: [open] }] });
    assert.deepEqual((read.cells[0] as MeasuredCell).trials[0], open);
  });
});
