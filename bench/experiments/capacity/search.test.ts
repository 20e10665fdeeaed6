import assert from "node:assert/strict";
import { test } from "node:test";
import type { CapacityProbe } from "./search.ts";
import { defaultSearchLimits, type SearchLimits, type SearchResult, searchCapacity } from "./search.ts";

/** Answers every rate the search asks for. */
async function searchWith(
  probe: (ratePerSecond: number) => Promise<CapacityProbe | undefined>,
  limits: SearchLimits,
): Promise<SearchResult> {
  const search = searchCapacity(limits);
  let step = search.next();
  while (step.done !== true) step = search.next(await probe(step.value));
  return step.value;
}

type Outcome = CapacityProbe["outcome"];

/** A target whose outcome depends on the rate, and on how often it was asked. */
const target =
  (outcomeAt: (ratePerSecond: number, nth: number) => Outcome, asked: number[] = []) =>
  (ratePerSecond: number): Promise<CapacityProbe> => {
    asked.push(ratePerSecond);
    return Promise.resolve({
      ratePerSecond,
      achievedRatePerSecond: ratePerSecond,
      outcome: outcomeAt(ratePerSecond, asked.length),
    });
  };

const kneeAt =
  (knee: number) =>
  (rate: number): Outcome =>
    rate <= knee ? "held" : "missed";

for (const knee of [7, 950, 1000, 12_345, 150_000]) {
  test(`finds a knee at ${knee} per second within its resolution, from below, and confirms it`, async () => {
    const { ratePerSecond, atLeast, probes } = await searchWith(target(kneeAt(knee)), defaultSearchLimits);
    assert.ok(
      ratePerSecond <= knee && ratePerSecond * defaultSearchLimits.resolution >= knee * 0.99,
      `${ratePerSecond}`,
    );
    assert.equal(atLeast, false);
    assert.equal(probes.at(-1)?.confirms, true);
    assert.ok(probes.length <= defaultSearchLimits.probesMax + 1);
  });
}

test("reports a lower bound when the greatest rate still holds", async () => {
  const { ratePerSecond, atLeast } = await searchWith(
    target(() => "held"),
    defaultSearchLimits,
  );
  assert.equal(ratePerSecond, defaultSearchLimits.ratePerSecondMax);
  assert.equal(atLeast, true);
});

test("reports a lower bound when the load generator gives up first", async () => {
  const outcome = (rate: number): Outcome => (rate <= 20_000 ? "held" : "generator-bound");
  const { ratePerSecond, atLeast } = await searchWith(target(outcome), defaultSearchLimits);
  assert.ok(ratePerSecond > 18_000 && ratePerSecond <= 20_000);
  assert.equal(atLeast, true);
});

test("reports 0 when no rate holds", async () => {
  const asked: number[] = [];
  const { ratePerSecond, atLeast } = await searchWith(
    target(() => "missed", asked),
    defaultSearchLimits,
  );
  assert.equal(ratePerSecond, 0);
  assert.equal(atLeast, false);
  assert.equal(Math.min(...asked), 1);
});

test("steps down when the second run does not confirm the first", async () => {
  let lucky = true;
  const outcome = (rate: number): Outcome => {
    if (rate === 8000 && lucky) {
      lucky = false;
      return "held";
    }
    return kneeAt(5000)(rate);
  };
  const { ratePerSecond, probes } = await searchWith(target(outcome), defaultSearchLimits);
  assert.ok(ratePerSecond <= 5000 && ratePerSecond >= 4000, `${ratePerSecond}`);
  assert.ok(probes.some(({ confirms, outcome: result }) => confirms === true && result === "missed"));
});

test("ends with what it knows when it is interrupted", async () => {
  let left = 3;
  const { ratePerSecond, probes } = await searchWith(
    (rate) => (left-- > 0 ? target(kneeAt(1e9))(rate) : Promise.resolve(undefined)),
    defaultSearchLimits,
  );
  assert.equal(probes.length, 3);
  assert.equal(ratePerSecond, 0, "an unconfirmed rate is not a capacity");
});
