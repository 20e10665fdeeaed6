import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../protocol/random.ts";
import { Lead } from "./lead.ts";

/** The share of wake-ups that a lead was long enough for, once it has learnt. */
function onTime(lead: Lead, tookNs: () => number): number {
  for (let wake = 0; wake < 500; wake++) lead.learn(tookNs());
  let early = 0;
  for (let wake = 0; wake < 1000; wake++) {
    const took = tookNs();
    if (took <= lead.ns) early++;
    lead.learn(took);
  }
  return early / 1000;
}

test("learns how early to wake from how long wake-ups take, on a fast machine and on a slow one", () => {
  const random = seededRandom(3);
  for (const usualNs of [20_000, 120_000]) {
    const lead = new Lead();
    const share = onTime(lead, () => usualNs + random() * 40_000);
    assert.ok(share > 0.4 && share < 0.6, `${share} of the wake-ups of ${usualNs} ns were early enough`);
    assert.ok(lead.ns < usualNs + 40_000, `${lead.ns} ns early for wake-ups of ${usualNs} ns`);
  }
});

test("is hardly moved by lost time slices, and never polls for longer than a quarter of a millisecond", () => {
  const lead = new Lead();
  for (let wake = 0; wake < 1000; wake++) lead.learn(wake % 20 === 0 ? 8e6 : 50_000);
  assert.ok(lead.ns < 80_000, `${lead.ns} ns`);
  for (let wake = 0; wake < 1000; wake++) lead.learn(8e6);
  assert.equal(lead.ns, 250_000);
});
