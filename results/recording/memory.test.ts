import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type MadeUpTarget, madeUpCell, madeUpTrials, sixTargets, trialWith } from "../../reports/testing.ts";
import type { MeasuredCell } from "../contract/results.ts";
import { hasFreshServers, memoryFlags, memoryLine, memoryPoints, memorySeries, residualShareOf } from "./memory.ts";

const websocket: MadeUpTarget = { ...sixTargets[1]!, memoryBytes: 20_000, spread: 0 };

const trialOf = (bytes: readonly number[]) =>
  trialWith({ series: [memorySeries(bytes.map((y, index) => ({ x: 100 * (index + 1), y })))] });

const rising = trialOf([30e6, 31e6, 32e6, 33e6]);
const stairs = trialOf([30e6, 30e6, 30e6, 36e6]);
const falling = trialOf([33e6, 32e6, 31e6, 30e6]);

describe("memory per connection", () => {
  it("is the slope of the line through the readings", () => {
    const [trial] = madeUpTrials("idle", websocket, 1);
    assert.ok(Math.abs(memoryLine(trial!)!.slope - 20_000) < 1);
    assert.equal(trial!.measures.memoryBytesPerConnection, memoryLine(trial!)!.slope);
  });

  it("is read back point by point", () => {
    const points = [100, 200, 300, 400].map((x) => ({ x, y: 2 * x }));
    assert.deepEqual(memoryPoints(trialWith({ series: [memorySeries(points)] })), points);
    assert.deepEqual(memoryPoints(trialWith({})), []);
  });

  it("has no slope where one reading is missing, or the counts are too few", () => {
    const [trial] = madeUpTrials("idle", websocket, 1);
    const gap = structuredClone(trial!);
    gap.series[0]!.values.splice(1, 1);
    assert.equal(memoryLine(gap), undefined);
    const few = structuredClone(trial!);
    few.series[0]!.values.pop();
    few.series[0]!.xs.pop();
    assert.equal(memoryLine(few), undefined);
  });

  it("has a residual that is the median of its trials'", () => {
    assert.equal(residualShareOf([rising, rising, stairs]), 0);
    assert.equal(residualShareOf([falling]), Number.POSITIVE_INFINITY);
    assert.equal(residualShareOf([trialWith({})]), undefined);
  });

  it("is flagged where memory does not lie on a line, or does not rise", () => {
    const codes = (trial: typeof rising): string[] => memoryFlags(memoryLine(trial)).map(({ code }) => code);
    assert.deepEqual([rising, trialWith({})].flatMap(codes), []);
    assert.deepEqual([stairs, falling].map(codes), [["memory-not-linear"], ["memory-not-linear"]]);
  });

  it("knows a server that was not started for it", () => {
    assert.equal(hasFreshServers(madeUpCell("idle", websocket) as MeasuredCell), true);
    assert.equal(hasFreshServers(madeUpCell("idle", { ...websocket, foreign: true }) as MeasuredCell), false);
  });
});
