import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fitLine } from "./line.ts";

describe("a line", () => {
  it("is found exactly where there is one", () => {
    const line = fitLine([50, 100, 150, 200].map((x) => ({ x, y: 3e7 + 4096 * x })))!;
    assert.equal(line.slope, 4096);
    assert.equal(line.intercept, 3e7);
    assert.equal(line.residualShare, 0);
  });

  it("goes through the middle of points beside it, and says how far the worst lies off", () => {
    // By hand: slope 10, intercept 0, each point 2 off, a rise of 30.
    const off = [2, -2, -2, 2];
    const line = fitLine([0, 1, 2, 3].map((x) => ({ x, y: 10 * x + off[x]! })))!;
    assert.ok(Math.abs(line.slope - 10) < 1e-12);
    assert.ok(Math.abs(line.intercept) < 1e-12);
    assert.ok(Math.abs(line.residualShare - 2 / 30) < 1e-12);
  });

  it("that does not rise fits nothing that should", () => {
    assert.equal(fitLine([1, 2, 3, 4].map((x) => ({ x, y: -x })))!.residualShare, Number.POSITIVE_INFINITY);
    assert.equal(fitLine([1, 2, 3, 4].map((x) => ({ x, y: 7 })))!.slope, 0);
  });

  it("needs four points that are not above each other", () => {
    assert.equal(fitLine([1, 2, 3].map((x) => ({ x, y: x }))), undefined);
    assert.equal(fitLine([1, 2, 3, 4].map((y) => ({ x: 5, y }))), undefined);
    assert.equal(fitLine([]), undefined);
  });
});
