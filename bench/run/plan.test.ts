import assert from "node:assert/strict";
import { test } from "node:test";
import { scenarios } from "../experiments/scenarios.ts";
import { protocolNames } from "../targets/protocols.ts";
import { parseTarget } from "../targets/target.ts";
import { planCells, presets, trafficMs } from "./plan.ts";

const targets = protocolNames.map(parseTarget);

test("crosses every scenario with every target, all with the same offered rate", () => {
  const cells = planCells(targets, scenarios, presets.quick);
  assert.equal(cells.length, targets.length * scenarios.length);
  const rates = cells.flatMap(({ identity: { parameters } }) =>
    parameters.load?.kind === "open" ? parameters.load.ratePerSecond : [],
  );
  assert.deepEqual(new Set(rates), new Set([presets.quick.ratePerSecond]));
});

test("states the poll interval where a client polls, and settles for two of them", () => {
  const cells = planCells(targets, scenarios, { ...presets.quick, pollIntervalMs: 700 });
  const polled = cells.filter(({ identity }) => identity.parameters.pollIntervalMs !== undefined);
  assert.deepEqual(new Set(polled.map(({ target }) => target.protocol)), new Set(["short-polling"]));
  for (const { identity } of polled) assert.equal(identity.parameters.settleMs, 1400);
});

test("keeps the quick preset's traffic within 90 seconds for everything, so that a run stays under two minutes", () => {
  const perTrial = planCells(targets, scenarios, presets.quick).reduce((sum, cell) => sum + trafficMs(cell), 0);
  assert.ok(perTrial * presets.quick.trials <= 90_000, `${perTrial * presets.quick.trials} ms`);
});

test("gives every preset samples enough for a p99 in each window", () => {
  for (const { ratePerSecond, durationMs } of Object.values(presets)) {
    assert.ok(((ratePerSecond * durationMs) / 1000) * 0.01 >= 5.7);
  }
});

test("refuses settings that contradict each other", () => {
  const plan = (change: Partial<typeof presets.quick>): unknown =>
    planCells(targets, scenarios, { ...presets.quick, ...(change as object) });
  assert.throws(() => plan({ payloadBytes: 39 as never }), { code: "usage", message: /at least 40B/ });
  assert.throws(() => plan({ payloadBytes: (2 ** 21) as never }), { code: "usage", message: /at most 1048576B/ });
  assert.throws(() => plan({ workers: 17 as never }), { code: "usage", message: /17 workers cannot share 16/ });
});
