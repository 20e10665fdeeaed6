import assert from "node:assert/strict";
import { test } from "node:test";
import { madeUpParameters, windowOf } from "../../reports/testing.ts";
import { objectiveOf, objectiveSettings, type Probe, probesOf, recordProbe } from "./probes.ts";

const base = { offeredRatePerSecond: 1000, achievedRatePerSecond: 990, held: true };
const held: Probe = { ...base, delayUs: 500, generatorBound: false, confirms: true };
const silent: Probe = { ...base, held: false, generatorBound: true, confirms: false };

test("probes are read back as they were recorded, in order; other windows are none", () => {
  const windows = [held, silent].map((probe) => ({ ...windowOf("probe", []), measures: recordProbe(probe) }));
  assert.deepEqual(probesOf({ windows: [...windows, windowOf("own", [])] }), [held, silent]);
  assert.deepEqual(Object.values(recordProbe(held)), [1000, 990, 500, 1, 0, 1]);
});

test("the objective of a search is among the settings of its cell", () => {
  const objective = { percentile: 99.9, delayUsMax: 10_000 };
  assert.deepEqual(objectiveOf({ settings: objectiveSettings(objective) }), objective);
  assert.equal(objectiveOf(madeUpParameters("echo")), undefined);
});
