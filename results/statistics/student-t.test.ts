import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { twoSidedQuantile, twoSidedTail } from "./student-t.ts";

const near = (actual: number, expected: number, relative = 1e-9) =>
  assert.ok(Math.abs(actual / expected - 1) < relative, `${actual} is not near ${expected}`);

describe("Student's t distribution", () => {
  it("has the exact quantiles of one and two degrees of freedom", () => {
    for (const level of [0.5, 0.9, 0.95, 0.99, 0.9999]) {
      near(twoSidedQuantile(level, 1), Math.tan((Math.PI / 2) * level));
      near(twoSidedQuantile(level, 2), level * Math.sqrt(2 / (1 - level ** 2)));
    }
  });

  it("has the tabulated quantiles for 95 %", () => {
    const table = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281];
    for (const [index, expected] of table.entries()) near(twoSidedQuantile(0.95, index + 1), expected, 2e-5);
    near(twoSidedQuantile(0.95, 30), 2.0423, 2e-5);
    near(twoSidedQuantile(0.95, 1e6), 1.959966, 1e-5);
  });

  it("inverts its tail for fractional degrees of freedom, far out too", () => {
    for (const degreesOfFreedom of [1, 2.37, 4, 11.9, 60]) {
      for (const level of [0.1, 0.95, 0.999_999]) {
        near(twoSidedTail(twoSidedQuantile(level, degreesOfFreedom), degreesOfFreedom), 1 - level, 1e-6);
      }
    }
    assert.equal(twoSidedTail(0, 3), 1);
    assert.equal(twoSidedTail(Number.POSITIVE_INFINITY, 3), 0);
  });
});
