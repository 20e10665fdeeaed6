import assert from "node:assert/strict";
import { test } from "node:test";
import { NumberLog } from "./number-log.ts";

test("keeps the latest numbers, and says that it has forgotten the others", () => {
  const log = new NumberLog(10_000, (rows) => new Float64Array(rows));
  assert.equal(log.push(7), 0);
  for (let value = 1; value < 20_000; value++) log.push(value % 9000);
  assert.equal(log.end, 20_000);
  assert.equal(log.hasForgotten, false, "a chunk more than was asked for is kept");
  for (let value = 0; value < 10_000; value++) log.push(-value);
  assert.equal(log.hasForgotten, true);
  assert.equal(log.at(0), undefined);
  assert.equal(log.at(29_999), -9999);
  assert.equal(log.at(30_000), undefined);
  assert.deepEqual(
    [...log.numbersOf(new Set([-5, 8000]))],
    [
      [8000, [17_000]],
      [-5, [20_005]],
    ],
  );
  assert.equal(log.lastNumberOf(-9999), 29_999);
  assert.equal(log.lastNumberOf(12345), undefined);
  log.set(0, 1);
  log.set(29_999, 3);
  assert.equal(log.at(29_999), 3);
});
