import assert from "node:assert/strict";
import { test } from "node:test";
import { fitWakeUps, type WakeUpLaw, wakeUpsOf } from "./wake-ups.ts";

const rates = [100, 400, 1600, 3200, 6400].flatMap((one) => [
  [one, one],
  [0, one],
]);

const seen = (law: WakeUpLaw, awakePer: number) =>
  rates.map((some) => {
    const awake = Math.min(0.9, some[1]! * awakePer);
    return { rates: some, awake, wakeUps: wakeUpsOf(law, some, awake) };
  });

test("a program at rest is woken up by each arrival, a busy one by those that meet it at rest", () => {
  const law = { perArrival: [1, 2], perSecondMax: Number.POSITIVE_INFINITY };
  assert.equal(wakeUpsOf(law, [100, 50], 0), 200);
  assert.equal(wakeUpsOf(law, [100, 50], 0.75), 50);
});

test("finds what wakes a program up, and the end that wake-ups tend to", () => {
  for (const law of [
    { perArrival: [1, 1], perSecondMax: 4000 },
    { perArrival: [2, 0.5], perSecondMax: Number.POSITIVE_INFINITY },
  ]) {
    const { law: found, draws } = fitWakeUps(seen(law, 1e-4), 5)!;
    assert.equal(draws.length, 5);
    for (const [row, { rates: some, awake, wakeUps }] of seen(law, 1e-4).entries()) {
      const said = wakeUpsOf(found, some, awake);
      assert.ok(Math.abs(said - wakeUps) < 0.1 * wakeUps, `row ${row}: ${said} is not ${wakeUps}`);
    }
  }
});

test("too few windows tell nothing", () => {
  assert.equal(fitWakeUps([{ rates: [100, 100], wakeUps: 100, awake: 0.1 }], 5), undefined);
});
