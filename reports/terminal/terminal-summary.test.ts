import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Cell } from "../../results/contract/results.ts";
import { renderSummary } from "../report.ts";
import { madeUpCell, madeUpResults, resultsOf, sixTargets } from "../testing.ts";

const lines = (text: string) => text.split("\n");

describe("the summary in a terminal", () => {
  it("is one table of at most 110 columns", () => {
    const [titles, ...rest] = lines(renderSummary(madeUpResults()));
    assert.match(titles!, /^target +p50 +× +p99 +rate +up p50 +down p50 +bytes +CPU +connect$/);
    const table = rest.slice(0, rest.indexOf(""));
    assert.equal(table.length, sixTargets.length);
    assert.match(table[0]!, /^TCP +102 µs +1 +949 µs +≥60,000\/s +60\.0 µs +70\.0 µs +522 B +10\.0 µs +300 µs$/);
    assert.match(table[3]!, /^Short polling every 100 ms /);
    for (const line of [titles!, ...table]) assert.ok([...line].length <= 110, line);
  });

  it("gives the reason of every cell without numbers", () => {
    const [, websocket] = sixTargets;
    const cell = madeUpCell("throughput", websocket!);
    const { target, protocol, scenario, parameters } = cell;
    const results = resultsOf([
      madeUpCell("echo", { ...websocket!, verdict: { echo: "invalid" } }),
      { target, protocol, scenario, parameters, state: "refused", reason: "it fails\na case" },
    ]);
    const text = renderSummary(results);
    assert.match(text, /^WebSocket, echo: invalid: 7 of 1000 messages were lost$/m);
    assert.match(text, /^WebSocket, throughput: refused: it fails a case$/m);
    assert.match(lines(text)[1]!, /^WebSocket +invalid +invalid +– +invalid/);
  });

  it("lists a prediction only if it failed, since the table has the numbers of those that held", () => {
    const results = madeUpResults(sixTargets.slice(0, 2));
    const [cell, ...others] = results.cells;
    const prediction = {
      statement: "every message comes back",
      formula: "sent - received = 0",
      metric: "lostMessages",
      expected: { low: 0, high: 0 },
      measured: 0,
    };
    const withVerdict = (verdict: "held" | "failed") =>
      renderSummary({
        ...results,
        cells: [{ ...cell!, predictions: [{ ...prediction, verdict }] } as Cell, ...others],
      });
    assert.doesNotMatch(withVerdict("held"), /experiment/);
    assert.match(withVerdict("failed"), /^echo +TCP +lost +0 +0 +did not hold$/m);
  });

  it("says that one trial has no spread, that two are too few, and that a run was interrupted", () => {
    assert.match(renderSummary(madeUpResults(sixTargets, { trials: 1 })), /one trial: no spread/);
    assert.match(renderSummary(madeUpResults(sixTargets, { trials: 2 })), /medians of 2 trials, too few to tell/);
    assert.match(renderSummary({ ...madeUpResults(), interrupted: true }), /^Interrupted: /);
  });

  it("shows no ratio where nothing is compared", () => {
    assert.doesNotMatch(renderSummary(madeUpResults(sixTargets.slice(0, 1))), /×/);
    assert.equal(renderSummary(resultsOf([])), "");
  });
});
