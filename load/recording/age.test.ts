import assert from "node:assert/strict";
import { test } from "node:test";
import { AgeOfInformation, sumAges } from "./age.ts";

const s = 1e9;
const window = { startNs: 10 * s, endNs: 20 * s };

/** Mean ages of a receiver that gets these values, produced and received at these seconds. */
function meanAges(values: readonly (readonly [producedS: number, receivedS: number])[]) {
  const age = new AgeOfInformation(window);
  for (const [producedS, receivedS] of values) age.arrive(producedS * s, receivedS * s);
  const { watchedS, areaS2, sourceAreaS2 } = age.record();
  return { watchedS, own: areaS2 / watchedS, source: sourceAreaS2 / watchedS };
}

const everySecond = Array.from({ length: 20 }, (_, index) => index);

test("a value every second is half a second old on average, and older by the delay", () => {
  assert.deepEqual(meanAges(everySecond.map((at) => [at, at])), { watchedS: 10, own: 0.5, source: 0.5 });
  const late = meanAges(everySecond.map((at) => [at, at + 0.25]));
  assert.equal(late.source, 0.5);
  assert.equal(late.own, 0.75);
});

test("values fetched every two seconds are older by half of that", () => {
  // Produced at half seconds, fetched at even ones, two at a time.
  const { own, source } = meanAges(everySecond.map((at) => [at + 0.5, 2 * Math.ceil((at + 0.5) / 2)]));
  assert.equal(source, 0.5);
  // From 0.5 s to 2.5 s between two fetches.
  assert.equal(own, 1.5);
});

test("gaps count by their square", () => {
  // 2 s and 8 s: (2² + 8²) / 2 over 10 s.
  const { own } = meanAges([
    [10, 10],
    [12, 12],
  ]);
  assert.equal(own, 3.4);
});

test("a value that is older than the newest makes nothing younger, and what comes after the window changes nothing of it", () => {
  const values = [
    [9, 9],
    [12, 13],
  ] as const;
  const expected = meanAges(values);
  assert.deepEqual(meanAges([...values, [11, 14]]), expected);
  const { own } = meanAges([...values, [19, 25]]);
  assert.equal(own, expected.own);
});

test("a receiver is watched from its first value on, and without one it has no age", () => {
  assert.deepEqual(meanAges([[14, 15]]), { watchedS: 5, own: 3.5, source: 3.5 });
  assert.deepEqual(new AgeOfInformation(window).record(), { watchedS: 0, areaS2: 0, sourceAreaS2: 0 });
  const late = new AgeOfInformation(window);
  late.arrive(19 * s, 21 * s);
  assert.equal(late.record().watchedS, 0);
});

test("ages of several receivers add up", () => {
  const one = { watchedS: 1, areaS2: 2, sourceAreaS2: 3 };
  assert.deepEqual(sumAges([one, one]), { watchedS: 2, areaS2: 4, sourceAreaS2: 6 });
});
