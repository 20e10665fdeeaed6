import assert from "node:assert/strict";
import { it } from "node:test";
import type { Cell, Results } from "../../results/contract/results.ts";
import { renderSummary } from "../report.ts";
import { cellOf, resultsOf, sixTargets, trialWith } from "../testing.ts";

function loggedIn(index: number, variant: string | undefined, loginP50Us: number, loginRoundTrips: number): Cell {
  const measures = { loginP50Us, loginRoundTrips, loginWireBytes: 1848, serverCpuUsPerLogin: 900 };
  const cell = cellOf("login", sixTargets[index]!, [
    trialWith({ measures: { ...measures, clientCpuUsPerLogin: 2100 } }),
  ]);
  return { ...cell, ...(variant !== undefined && { variant }) };
}

const results: Results = {
  ...resultsOf([
    loggedIn(1, undefined, 400, 1),
    loggedIn(5, "SCRAM-SHA-256", 5000, 5),
    loggedIn(5, "keys kept", 2000, 5),
    loggedIn(5, "10x iterations", 21_000, 5),
  ]),
  experiments: [{ name: "login", group: "security", title: "Login", question: "What does it take?" }],
};

it("logins stand in a terminal of 80 columns, the soonest first, with round trips, both sides' CPU time and bytes", () => {
  const screen = renderSummary(results);
  assert.match(screen, /^login +p50 +turns +client +server +bytes$/m);
  const rows = screen.split("\n").filter((line) => / B$/.test(line));
  assert.deepEqual(
    rows.map((row) => /^(.*?) {2,}/.exec(row)![1]),
    ["WebSocket", "xmpp keys kept", "xmpp SCRAM-SHA-256", "xmpp 10x iterations"],
  );
  assert.match(rows[3]!, /21\.0 ms █+ +5 +2\.10 ms +900 µs +1,848 B$/);
  for (const line of screen.split("\n")) assert.ok([...line].length <= 80, line);
});
