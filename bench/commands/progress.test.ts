import assert from "node:assert/strict";
import { test } from "node:test";
import { scenarioNamed } from "../experiments/scenarios.ts";
import { planCells, presets } from "../run/plan.ts";
import type { RunPlan } from "../run/runner.ts";
import { parseTarget } from "../targets/target.ts";
import { formatClock, Progress, type ProgressSink } from "./progress.ts";

const settings = { ...presets.quick, warmupMs: 500, settleMs: 500, durationMs: 9000 };
const cells = planCells([parseTarget("tcp"), parseTarget("websocket")], [scenarioNamed("echo")], settings);
const plan: RunPlan = { command: "wirebench run", preset: "quick", seed: 1, trials: 2, reference: "tcp", cells };

function watched(sink: Partial<ProgressSink> = {}): { progress: Progress; lines: string[]; advance(ms: number): void } {
  const lines: string[] = [];
  let now = 1;
  const progress = new Progress(
    plan,
    () => {},
    { write: (text) => lines.push(text), ...sink },
    () => now,
  );
  return { progress, lines, advance: (ms) => (now += ms) };
}

test("says which cell and trial runs and how long the rest takes, learning the overhead as it goes", () => {
  const { progress, lines, advance } = watched();
  progress.trialStarts({ cell: cells[0]!, trial: 1, number: 1, of: 4 });
  advance(15_000);
  progress.trialStarts({ cell: cells[1]!, trial: 1, number: 2, of: 4 });
  // 4 trials of 10 s and a guessed 0.7 s each; then 3 of 10 s and a measured 5 s each.
  assert.deepEqual(lines, ["[1/4]  echo  tcp  trial 1  0:43 left\n", "[2/4]  echo  websocket  trial 1  0:45 left\n"]);
});

test("rewrites one line on a terminal and keeps it within the width", () => {
  const { progress, lines } = watched({ isTTY: true, columns: 20 });
  progress.trialStarts({ cell: cells[0]!, trial: 1, number: 1, of: 4 });
  assert.deepEqual(lines, ["\r\u001b[K[1/4]  echo  tcp  t"]);
});

test("keeps refusals and failures on lines of their own", () => {
  const { progress, lines } = watched({ isTTY: true });
  progress.refused(parseTarget("tcp"), "it fails");
  progress.trialFailed({ cell: cells[0]!, trial: 1, number: 1, of: 4 }, "the server died");
  assert.ok(lines.includes("refused      tcp: it fails\n"));
  assert.ok(lines.includes("failed       echo tcp: the server died\n"));
});

test("formats minutes and seconds", () => {
  assert.equal(formatClock(5400), "0:05");
  assert.equal(formatClock(65_000), "1:05");
  assert.equal(formatClock(3_600_000), "60:00");
});
