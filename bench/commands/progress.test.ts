import assert from "node:assert/strict";
import { test } from "node:test";
import { madeUpResults } from "../../reports/testing.ts";
import type { Trial } from "../../results/contract/results.ts";
import { clusterPresets } from "../experiments/cluster/presets.ts";
import { presets } from "../experiments/comparison/presets.ts";
import { echo } from "../experiments/echo.ts";
import { CellState } from "../run/cell-state.ts";
import { parseTarget } from "../targets/target.ts";
import { formatClock, Progress, type ProgressSink } from "./progress.ts";

const traffic = { ...presets.quick.settings, rampUpMs: 1000, durationMs: 9000, turns: 1 };
const targets = [parseTarget("tcp"), parseTarget("websocket")];
const cells = echo
  .cells({ targets, traffic, cluster: clusterPresets.quick })
  .map((cell) => ({ experiment: echo, cell }));
const statesOf = (): CellState[] => cells.map((planned) => new CellState(planned, { loadAverage: 0, cores: 2 }));

function watched(sink: Partial<ProgressSink> = {}): { progress: Progress; lines: string[]; advance(ms: number): void } {
  const lines: string[] = [];
  let now = 1;
  const progress = new Progress(
    { cells },
    () => {},
    { write: (text) => lines.push(text), ...sink },
    () => now,
  );
  return { progress, lines, advance: (ms) => (now += ms) };
}

const trial = (measures: Trial["measures"]): Trial => ({
  trial: 1,
  state: "complete",
  startedAt: new Date(0).toISOString(),
  durationMs: 1,
  windows: [],
  measures,
  histograms: {},
  events: [],
  series: [],
  flags: [],
});

test("says which cell and trial runs and how long the rest takes, learning the overhead as it goes", () => {
  const { progress, lines, advance } = watched();
  const [tcp, websocket] = statesOf();
  progress.trialsStart([{ state: tcp!, trial: 1, number: 1, of: 4 }]);
  advance(15_000);
  tcp!.add(trial({ lostMessages: 0 }));
  progress.trialEnded({ state: tcp!, trial: 1, number: 1, of: 4 });
  progress.trialsStart([{ state: websocket!, trial: 1, number: 2, of: 4 }]);
  // 4 trials of 10 s and a guessed 0.7 s each; then 3 of 10 s and a measured 5 s each.
  assert.deepEqual(lines, ["[1/4]  tcp, echo  trial 1  0:43 left\n", "[2/4]  websocket, echo  trial 1  0:45 left\n"]);
});

test("draws one line on a terminal again in place and keeps it within the width", () => {
  const { progress, lines } = watched({ isTTY: true, columns: 20 });
  progress.trialsStart([{ state: statesOf()[0]!, trial: 1, number: 1, of: 4 }]);
  progress.verifying(parseTarget("sse"));
  assert.deepEqual(lines, ["[1/4]  tcp, echo  …", "\r\u001b[Jconformance  sse"]);
});

test("shows the table as it fills on a terminal, and takes it away when it is done", () => {
  const { progress, lines } = watched({ isTTY: true, columns: 80, rows: 24 });
  progress.verifying(parseTarget("tcp"));
  progress.checkpoint(madeUpResults());
  assert.ok(lines.at(-1)!.startsWith("\r\u001b[Jtarget "));
  assert.match(lines.at(-1)!, /\nTCP +102 µs .*\n\nconformance {2}tcp$/s);
  progress.done();
  assert.equal(lines.at(-1), "\r\u001b[8A\u001b[J");
});

test("says that the run is being stopped on a line that stays, above what goes on", () => {
  const { progress, lines } = watched({ isTTY: true, columns: 80, rows: 24 });
  progress.verifying(parseTarget("tcp"));
  progress.say("Stopping.");
  progress.verifying(parseTarget("sse"));
  assert.deepEqual(lines, ["conformance  tcp", "\r\u001b[J", "Stopping.\n", "conformance  sse"]);
});

test("prints plain lines where there is no terminal, and never a table", () => {
  const { progress, lines } = watched();
  progress.verifying(parseTarget("tcp"));
  progress.checkpoint(madeUpResults());
  progress.done();
  assert.deepEqual(lines, ["conformance  tcp\n"]);
});

test("keeps refusals, failures and predictions that did not hold on lines of their own", () => {
  const { progress, lines } = watched({ isTTY: true });
  const [failing, missing] = statesOf();
  progress.refused(parseTarget("tcp"), "it fails");
  failing!.stop({ state: "failed", reason: "the server died" });
  progress.trialEnded({ state: failing!, trial: 1, number: 1, of: 4 });
  missing!.add(trial({ lostMessages: 3 }));
  progress.trialEnded({ state: missing!, trial: 1, number: 2, of: 4 });
  assert.ok(lines.includes("refused      tcp: it fails\n"));
  assert.ok(lines.includes("failed       tcp, echo: the server died\n"));
  assert.ok(lines.includes("[2/4]  websocket, echo: not as predicted: lost 3, expected 0\n"));
});

test("formats minutes and seconds", () => {
  assert.equal(formatClock(5400), "0:05");
  assert.equal(formatClock(65_000), "1:05");
  assert.equal(formatClock(3_600_000), "60:00");
});

test("says in one line that some cells begin a trial together", () => {
  const { progress, lines } = watched();
  progress.trialsStart(statesOf().map((state, index) => ({ state, trial: 2, number: 3 + index, of: 4 })));
  assert.deepEqual(lines, ["[3/4]  2 cells  trial 2  0:21 left\n"]);
});
