import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { madeUpCell, madeUpResults, resultsOf, sixTargets } from "../../reports/testing.ts";
import { type MeasuredCell, resultsJsonSchema, resultsSchema } from "./results.ts";

const measured = madeUpCell("echo", sixTargets[0]!) as MeasuredCell;
const { state: _state, validity: _validity, summary: _summary, trials, ...identity } = measured;
const accepts = (cell: object): boolean => resultsSchema.safeParse({ ...resultsOf([]), cells: [cell] }).success;

describe("results.json", () => {
  it("is read back as it was written", () => {
    const results = madeUpResults();
    assert.deepEqual(resultsSchema.parse(JSON.parse(JSON.stringify(results))), results);
  });

  it("has no measured cell without validity, trials and summary", () => {
    assert.equal(accepts(measured), true);
    for (const key of ["validity", "trials", "summary"] as const) {
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

  it("is refused in another version or with another kind of number", () => {
    assert.equal(resultsSchema.safeParse({ ...madeUpResults(), schemaVersion: 2 }).success, false);
    assert.equal(accepts({ ...measured, parameters: { ...measured.parameters, connections: 0 } }), false);
    assert.equal(accepts({ ...measured, scenario: "nonsense" }), false);
  });

  it("has a JSON Schema that explains its fields", () => {
    const schema = JSON.stringify(resultsJsonSchema());
    assert.match(schema, /2020-12/);
    assert.match(schema, /95 % confidence interval of the median/);
  });
});
