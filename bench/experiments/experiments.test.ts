/** An experiment whose check cannot fail shows nothing: each one is run here with a set-up broken on purpose. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { WirebenchError } from "../../protocol/errors.ts";
import { BrokerPool } from "../rigs/cluster/broker-pool.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { measureArm } from "../run/cluster-run.ts";
import { hasProgram } from "../testing.ts";
import { clusterPresets, crowdDeliveriesPerSecondMax } from "./cluster/presets.ts";
import { experimentNamed, experiments } from "./experiments.ts";

const settings: ClusterSettings = {
  ...clusterPresets.quick,
  users: 12,
  durationMs: 600,
  brokers: ["redis", "redis-streams"],
  nodeCounts: [1, 3],
};

const brokers = new BrokerPool();
after(() => brokers.stop());

const never = new AbortController().signal;
const options = { plan: { settings, seed: 1 }, brokers, signal: never, starts() {} };

for (const experiment of experiments) {
  test(`${experiment.name} notices a cluster that is broken on purpose`, { timeout: 120_000 }, async (t) => {
    if (!hasProgram(t, "haproxy") || !hasProgram(t, "redis")) return;
    const broken = experiment.broken(settings);
    const cell = await measureArm(experiment, broken, options);
    assert.ok(cell?.state === "measured", cell !== undefined && "reason" in cell ? cell.reason : "not measured");
    const verdicts = cell.predictions.map(({ metric, verdict }) => `${metric} ${verdict}`);
    const meant = cell.predictions.filter(({ metric }) => metric === broken.fails);
    assert.ok(
      meant.some(({ verdict }) => verdict === "failed"),
      `${broken.fails} was to fail: ${verdicts.join(", ")}`,
    );
  });
}

test("every arm says beforehand what it expects, by the name of a metric it measures", () => {
  for (const { name, arms } of experiments) {
    for (const arm of arms(clusterPresets.quick)) {
      assert.ok(arm.expectations.length > 0, `${name}, ${arm.name}`);
      for (const { expected, formula, statement } of arm.expectations) {
        assert.ok(expected.low <= expected.high, `${name}, ${arm.name}: ${statement}`);
        assert.notEqual(formula, "");
      }
    }
  }
});

test("no preset asks more of the process of the users than it can take", () => {
  for (const [preset, chosen] of Object.entries(clusterPresets)) {
    for (const { name, arms } of experiments) {
      for (const { name: arm, setup, ratePerSecond = 0 } of arms(chosen)) {
        const deliveriesPerSecond = ratePerSecond * setup.users;
        assert.ok(
          deliveriesPerSecond <= crowdDeliveriesPerSecondMax,
          `${preset}, ${name}, ${arm}: ${deliveriesPerSecond}`,
        );
      }
    }
  }
});

test("the arms of an experiment have names of their own", () => {
  for (const { name, arms } of experiments) {
    const names = arms(clusterPresets.quick).map((arm) => arm.name);
    assert.equal(new Set(names).size, names.length, name);
  }
});

test("an experiment that is not there is refused with those that are", () => {
  assert.throws(() => experimentNamed("chaos"), /unknown experiment "chaos": expected one of stickiness, /);
});

test("a broker whose program is missing is not run, and its cell says how to install it", async (t) => {
  if (!hasProgram(t, "haproxy")) return;
  const arm = experimentNamed("broadcast").arms({ ...settings, brokers: ["nats"] })[1]!;
  const without: Pick<BrokerPool, "serverOf" | "component"> = {
    serverOf: () => Promise.reject(new WirebenchError("component-missing", "nats is not here", { hint: "install it" })),
    component: () => Promise.reject(new Error("not asked for")),
  };
  const cell = await measureArm(experimentNamed("broadcast"), arm, { ...options, brokers: without });
  assert.equal(cell?.state, "not-run");
  assert.equal(cell?.state === "not-run" && cell.reason, "nats is not here: install it");
});
