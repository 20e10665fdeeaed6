import assert from "node:assert/strict";
import { test } from "node:test";
import { sideBySideMax } from "../../run/runner.ts";
import { protocolNames } from "../../targets/protocols.ts";
import { parseTarget, type Target } from "../../targets/target.ts";
import { clusterPresets } from "../cluster/presets.ts";
import type { TrafficSettings } from "../contract/request.ts";
import { comparisonExperiments } from "../experiments.ts";
import { presets } from "./presets.ts";

const { quick } = presets;
const everyTarget = protocolNames.map(parseTarget);
const experiments = comparisonExperiments.filter((experiment) => experiment.presets?.includes("quick") ?? true);

const planned = (targets: readonly Target[], change: Partial<TrafficSettings> = {}) =>
  experiments.flatMap((experiment) =>
    experiment
      .cells({ targets, traffic: { ...quick.settings, ...change }, cluster: clusterPresets.quick })
      .map((cell) => ({ experiment, cell })),
  );

test("crosses every experiment with every target, all with the same offered rate", () => {
  const cells = planned(everyTarget);
  assert.equal(cells.length, everyTarget.length * experiments.length);
  const rates = cells.flatMap(({ cell: { parameters } }) =>
    parameters.load?.kind === "open" ? parameters.load.ratePerSecond : [],
  );
  assert.deepEqual(new Set(rates), new Set([quick.settings.ratePerSecond]));
});

test("gives a target that waits by a clock of its own ramp-up and windows of whole waits", () => {
  const [echo] = planned([parseTarget("short-polling+poll-interval=700ms")]);
  assert.equal(echo!.cell.parameters.rampUpMs, 1400);
  assert.equal(echo!.cell.parameters.durationMs, 700);
  assert.equal(echo!.cell.parameters.slices, 1);
  const [stream] = planned([parseTarget("tcp")]);
  assert.equal(stream!.cell.parameters.rampUpMs, quick.settings.rampUpMs);
});

test("keeps the quick preset's windows within a minute for everything, so that a run with its starts and warm-ups stays under two", () => {
  const totalMs = planned(everyTarget).reduce(
    (sum, { experiment, cell }) =>
      sum +
      (Math.min(quick.trials, cell.trialsMax ?? quick.trials) * experiment.trafficMs(cell)) /
        (experiment.isolation === "shared" ? sideBySideMax : 1),
    0,
  );
  assert.ok(totalMs <= 60_000, `${totalMs} ms`);
});

test("gives every preset samples enough for a p99 over all its trials, in the shortest windows too", () => {
  for (const { trials, settings } of Object.values(presets)) {
    const windows = 3;
    assert.ok(((settings.ratePerSecond * settings.durationMs) / 1000 / windows) * trials * 0.01 >= 5.7);
  }
});

test("refuses settings that contradict each other", () => {
  const plan = (change: Partial<TrafficSettings>) => () => planned(everyTarget, change);
  assert.throws(plan({ payloadBytes: 39 }), { code: "usage", message: /at least 40B/ });
  assert.throws(plan({ payloadBytes: 2 ** 21 }), { code: "usage", message: /at most 1048576B/ });
  assert.throws(plan({ workers: 17 }), { code: "usage", message: /17 workers cannot share 16/ });
  assert.throws(plan({ idleConnections: 4 }), { code: "usage", message: /from 5 to 10000 idle connections, got 4/ });
});
