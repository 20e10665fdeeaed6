/** An experiment whose check cannot fail shows nothing: each one is run here, broken on purpose. */
import assert from "node:assert/strict";
import { after, describe, type TestContext, test } from "node:test";
import { metricOfCulprit } from "../rigs/blame/judgement.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { ProgramPool } from "../rigs/program-pool.ts";
import type { RigContext } from "../rigs/rig.ts";
import { embeddedTarget } from "../targets/target.ts";
import { hasProgram } from "../testing.ts";
import { clusterPresets } from "./cluster/presets.ts";
import { presets } from "./comparison/presets.ts";
import type { Experiment } from "./contract/experiment.ts";
import type { PresetName, RunRequest } from "./contract/request.ts";
import { clusterExperiments, comparisonExperiments, experimentNamed, experiments } from "./experiments.ts";
import { measureOnce } from "./testing.ts";

const requestOf = (preset: PresetName, cluster: Partial<ClusterSettings> = {}): RunRequest => ({
  targets: [embeddedTarget("tcp"), embeddedTarget("websocket")],
  // So few that a busy machine serves those who poll.
  traffic: { ...presets[preset].settings, idleConnections: 50 },
  cluster: { ...clusterPresets[preset], ...cluster },
});

const request = requestOf("quick", {
  users: 12,
  durationMs: 600,
  brokers: ["redis", "redis-streams"],
  nodeCounts: [1, 3],
});

const programs = new ProgramPool();
after(() => programs[Symbol.asyncDispose]());

const context: RigContext = { seed: 1, trial: 1, signal: new AbortController().signal, programs };

const isOnCluster = (experiment: Experiment): boolean => clusterExperiments.includes(experiment);

const noticesSabotage = (experiment: Experiment) => async (t: TestContext) => {
  const { metrics } = experiment;
  const onCluster = isOnCluster(experiment);
  if (onCluster && (!hasProgram(t, "haproxy") || !hasProgram(t, "redis"))) return;
  if (experiment.needs?.some((program) => !hasProgram(t, program))) return;
  const { cell, fails } = experiment.sabotage(request);
  const { proxy } = cell.parameters.settings;
  if (proxy !== undefined && !hasProgram(t, String(proxy))) return;
  if (cell.target.system.kind === "program" && !hasProgram(t, cell.target.system.program)) return;
  const { measures, windows, predictions } = await measureOnce(experiment, cell, context);
  const verdicts = predictions.map(({ metric, verdict }) => `${metric} ${verdict}`);
  assert.ok(
    predictions.some(({ metric, verdict }) => metric === fails && verdict === "failed"),
    `${fails} was to fail: ${verdicts.join(", ")}`,
  );
  if (!onCluster) return;
  const causes = Object.values(metricOfCulprit).reduce((sum, metric) => sum + (measures[metric] ?? 0), 0);
  assert.equal(causes, measures.missingDeliveries ?? 0, "every missing delivery has one cause");
  const unlisted = Object.keys(measures).filter((metric) => !(metrics as readonly string[]).includes(metric));
  assert.deepEqual(unlisted, [], "measured, but not listed");
  assert.equal(windows.length > 0, cell.parameters.load !== undefined, "a window for whatever was published");
};

// A cluster that is broken is mostly waited for, so comparisons need not wait for their turn.
describe("every experiment", { concurrency: true }, () => {
  for (const [kind, own] of Map.groupBy(experiments, (each) => (isOnCluster(each) ? "clusters" : "comparisons"))) {
    describe(kind, { concurrency: 1 }, () => {
      for (const experiment of own) {
        const title = `${experiment.name} notices a system that is broken on purpose`;
        test(title, { timeout: 600_000 }, noticesSabotage(experiment));
      }
    });
  }
});

test("what a cell expects is expected of a metric that its experiment measures", () => {
  for (const experiment of experiments) {
    const { name, metrics } = experiment;
    for (const { target, variant, expectations } of experiment.cells(requestOf("quick"))) {
      const cell = `${name}, ${variant ?? target.label}`;
      assert.ok(expectations.length > 0, cell);
      for (const { metric, expected, formula, statement } of expectations) {
        const { low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY } = expected;
        assert.ok(low <= high, `${cell}: ${statement}`);
        assert.ok(expected.low !== undefined || expected.high !== undefined, `${cell}: ${statement}`);
        assert.notEqual(formula, "");
        assert.ok(metrics.includes(metric), `${cell}: ${metric}`);
      }
    }
  }
});

test("an experiment follows settings that there are, and every cell says how long its traffic takes", () => {
  const known = new Set([
    ...Object.keys(presets.quick.settings),
    ...Object.keys(clusterPresets.quick),
    "balancer",
    "policy",
    "link",
  ]);
  for (const experiment of experiments) {
    assert.deepEqual(
      experiment.follows.filter((setting) => !known.has(setting)),
      [],
      experiment.name,
    );
    for (const cell of experiment.cells(requestOf("quick"))) assert.ok(experiment.trafficMs(cell) > 0, experiment.name);
  }
});

test("experiments have names of their own, and metrics that they list once", () => {
  const names = experiments.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, metrics } of experiments) assert.equal(new Set(metrics).size, metrics.length, name);
});

test("the variants of an experiment have names of their own", () => {
  for (const { name, cells } of clusterExperiments) {
    const names = cells(requestOf("quick")).map(({ variant }) => variant);
    assert.equal(new Set(names).size, names.length, name);
  }
});

test("an experiment that is not there is refused with those that are", () => {
  assert.throws(() => experimentNamed("chaos"), /unknown experiment "chaos": expected one of .*stickiness, /);
});

test("an alias is another word for an experiment, but a name comes before it", () => {
  const [first, second] = experiments;
  const among = [{ ...first!, aliases: ["other", second!.name] }, second!];
  assert.equal(experimentNamed("other", among).name, first!.name);
  assert.equal(experimentNamed(second!.name, among), second);
});

test("a command has one experiment for every word it takes", () => {
  for (const among of [comparisonExperiments, clusterExperiments]) {
    const words = among.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    assert.equal(new Set(words).size, words.length, words.join(", "));
  }
});
