import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Cell, Results } from "../../results/contract/results.ts";
import type { Measures } from "../../results/metrics/metrics.ts";
import { renderSummary } from "../report.ts";
import { cellOf, resultsOf, sixTargets, trialWith } from "../testing.ts";

interface Made {
  readonly index: number;
  readonly variant?: string;
  readonly measures: Measures;
  readonly settings?: Cell["parameters"]["settings"];
}

const cellsOf = (name: string, made: readonly Made[]): Cell[] =>
  made.map(({ index, variant, measures, settings = {} }) => {
    const cell = cellOf(name, sixTargets[index]!, [trialWith({ measures })]);
    return {
      ...cell,
      ...(variant !== undefined && { variant }),
      parameters: { ...cell.parameters, settings },
    };
  });

const resultsWith = (experiments: Readonly<Record<string, readonly Made[]>>): Results => ({
  ...resultsOf(Object.entries(experiments).flatMap(([name, made]) => cellsOf(name, made))),
  experiments: Object.keys(experiments).map((name) => ({ name, group: "latency", title: name, question: "How?" })),
});

/** The lines of the table that has such a head. */
function tableIn(results: Results, head: RegExp): string[] {
  const lines = renderSummary(results).split("\n");
  for (const line of lines) assert.ok([...line].length <= 80, line);
  const first = lines.findIndex((line) => head.test(line));
  assert.ok(first >= 0, lines.join("\n"));
  return lines.slice(first);
}

const nameOf = (row: string): string => /^(.*?) {2,}/.exec(row)![1]!;

describe("the table of an experiment on the first screen", () => {
  it("has logins in 80 columns, the soonest first, with round trips, both sides' CPU time and bytes", () => {
    const login = (index: number, variant: string | undefined, loginP50Us: number, loginRoundTrips: number): Made => ({
      index,
      ...(variant !== undefined && { variant }),
      measures: {
        loginP50Us,
        loginRoundTrips,
        loginWireBytes: 1848,
        serverCpuUsPerLogin: 900,
        clientCpuUsPerLogin: 2100,
      },
    });
    const [, ...rows] = tableIn(
      resultsWith({
        login: [
          login(1, undefined, 400, 1),
          login(5, "SCRAM-SHA-256", 5000, 5),
          login(5, "keys kept", 2000, 5),
          login(5, "10x iterations", 21_000, 5),
        ],
      }),
      /^target +p50 +turns +client +server +bytes$/,
    );
    assert.deepEqual(rows.slice(0, 4).map(nameOf), [
      "WebSocket",
      "XMPP, keys kept",
      "XMPP, SCRAM-SHA-256",
      "XMPP, 10x iterations",
    ]);
    assert.match(rows[3]!, /21\.0 ms █+ +5 +2\.10 ms +900 µs +1,848 B$/);
    assert.match(rows[4]!, /^p50: login p50; turns: round trips of a login/);
  });

  it("shows of every size the one that tells, and heads the names with what all have in common", () => {
    const fanOut = (index: number, subscribers: number, loop: string, lastRecipientP50Us: number): Made => ({
      index,
      variant: `${subscribers} subscribers, ${loop}`,
      measures: { firstRecipientP50Us: 400, lastRecipientP50Us },
      settings: { subscribers, ...(loop !== "plain loop" && { yieldsEvery: 100 }) },
    });
    const made = [
      fanOut(1, 10, "plain loop", 500),
      fanOut(1, 500, "plain loop", 30_000),
      fanOut(1, 500, "yielding", 31_000),
      fanOut(2, 500, "plain loop", 60_000),
    ];
    const [, ...rows] = tableIn(resultsWith({ "server-fan-out": made }), /^500 subscribers +first +last$/);
    assert.match(rows[0]!, /^WebSocket, plain loop +400 µs +30\.0 ms$/);
    assert.match(rows[1]!, /^WebSocket, yielding +400 µs +31\.0 ms$/);
    assert.match(rows[2]!, /^SSE, plain loop /);
    assert.match(rows.slice(3).join(" "), /3 of 4 cells \(the largest of each\), all are in the report/);
  });

  it("says never of a time that everybody waited for in vain", () => {
    const measures = { heartbeatBytes: 8, serverNeverNoticedShare: 1, clientNoticesAfterMs: 59_000 };
    const [, row] = tableIn(
      resultsWith({ "idle-hour": [{ index: 1, measures }] }),
      /^target +heartbeat +server +client$/,
    );
    assert.match(row!, /^WebSocket +8 B +█* +never +59\.0 s$/);
  });

  it("stands there for two experiments, and names the others", () => {
    const made = [{ index: 1, measures: { roundTripP50Us: 300, coldStartP50Us: 3000, userDelayP50Us: 700 } }];
    const screen = renderSummary(resultsWith({ relay: made, connect: made, multiplex: made }));
    assert.match(screen, /^More +tables in the report: multiplex\.$/m);
    assert.equal(screen.match(/^target/gm)?.length, 2);
  });

  it("gives way to claims where these were asked for", () => {
    const results = resultsWith({ relay: [{ index: 1, measures: { roundTripP50Us: 300 } }] });
    assert.match(renderSummary(results), /^target/m);
    assert.doesNotMatch(renderSummary({ ...results, claimsAsked: ["ws-fastest"] }), /^target/m);
  });
});
