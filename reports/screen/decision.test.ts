import assert from "node:assert/strict";
import { test } from "node:test";
import type { Profile } from "../../results/contract/profile.ts";
import type { Cell, Results } from "../../results/contract/results.ts";
import { renderReport, renderSummary } from "../report.ts";
import { cellOf, resultsOf, sixTargets, trialWith } from "../testing.ts";

const profile: Profile = {
  title: "Messaging",
  users: 10_000,
  down: { perUserSecond: 0.1, sizes: [{ bytes: 100, share: 1 }] },
  fanOut: 6,
  sessionMs: 3_600_000,
  idleShare: 0.5,
  feels: "down",
  needs: ["login", "resume"],
  weights: { delay: 1, tail: 0, bytes: 1, cpu: 1, memory: 1, build: 1 },
};

interface Costs {
  readonly p50Us: number;
  readonly bytes: number;
  readonly standing: number;
  readonly cpuUs: number;
  readonly memory: number;
}

/** Three trials of a target, so that numbers have intervals; `spread` says how far they lie apart. */
function measuredAs(index: number, costs: Costs, weights = profile.weights, spread = 0.01): Cell[] {
  const { p50Us, bytes, standing, cpuUs, memory } = costs;
  const made = sixTargets[index]!;
  const trials = [1 - spread, 1, 1 + spread].map((factor, trial) => ({ factor, trial: trial + 1 }));
  const traffic = trials.map(({ factor, trial }) =>
    trialWith({
      trial,
      measures: {
        downlinkScheduledP50Us: p50Us * factor,
        wireBytesPerUserHour: bytes * factor,
        standingBytesPerUserHour: standing,
        serverCpuUsPerUserSecond: cpuUs * factor,
        idleCpuUsPerConnectionSecond: 1,
      },
    }),
  );
  const idle = trials.map(({ factor, trial }) =>
    trialWith({ trial, measures: { memoryBytesPerConnection: memory * factor } }),
  );
  const cell = cellOf("profile", made, traffic);
  const settings = { downlinkRatePerSecond: 100, recipientsAtOnce: 6 };
  const parameters = { ...cell.parameters, connections: 50, profile: { ...profile, weights }, settings };
  return [{ ...cell, parameters }, cellOf("idle", made, idle)];
}

const websocket: Costs = { p50Us: 30_000, bytes: 20_000, standing: 2000, cpuUs: 50, memory: 6000 };
const sse: Costs = { p50Us: 31_000, bytes: 60_000, standing: 50_000, cpuUs: 120, memory: 16_000 };
const xmpp: Costs = { p50Us: 32_000, bytes: 45_000, standing: 4000, cpuUs: 150, memory: 11_000 };

function decided(weights = profile.weights, spread?: number): Results {
  const cells = [
    ...measuredAs(1, websocket, weights, spread),
    ...measuredAs(2, sse, weights, spread),
    ...measuredAs(5, xmpp, weights, spread),
  ];
  const results = resultsOf(cells);
  const provides = {
    sse: ["acknowledgement", "resume"],
    xmpp: ["login", "presence", "acknowledgement", "resume"],
  } as const;
  return {
    ...results,
    targets: results.targets.map((target) => {
      const own = provides[target.protocol as keyof typeof provides];
      return own === undefined ? target : { ...target, provides: [...own] };
    }),
    experiments: [
      { name: "profile", group: "applications", title: "Profile", question: "Which protocol?" },
      ...results.experiments,
    ],
  };
}

const rowOf = (screen: string, name: string): string => screen.split("\n").find((line) => line.startsWith(`${name} `))!;

test("a decision fits a screen of 24 lines and 80 columns: choice, weights, flip, scale and costs", () => {
  const screen = renderSummary(decided());
  const lines = screen.split("\n");
  assert.ok(lines.length <= 23, `${lines.length} lines:\n${screen}`);
  for (const line of lines) assert.ok([...line].length <= 80, line);
  assert.match(screen, /^Choose +WebSocket, for Messaging\.$/m);
  assert.match(screen, /^Weights +delay 1, tail 0, bytes 1, cpu 1, memory 1, build 1\.$/m);
  assert.match(screen, /^Flips +first is /m);
  assert.match(screen, /50 of 10,000 users/);
});

test("costs are those of 10,000 users, and what is built is what the protocol has not", () => {
  const screen = renderSummary(decided());
  // 50 us per user and second are half a core for 10,000; 6,000 B of each are 57.2 MiB.
  assert.match(rowOf(screen, "WebSocket"), /\d\.\d\d–\d\.\d\d +30\.0 ms +– +19\.5 KiB +0\.5 +57\.2 MiB +LR$/);
  assert.match(rowOf(screen, "SSE"), /0?1\.2 +153 MiB +L$/);
  assert.match(rowOf(screen, "XMPP"), / –$/);
});

test("other weights put another first", () => {
  const built = { delay: 0, tail: 0, bytes: 0, cpu: 0, memory: 0, build: 1 };
  assert.match(renderSummary(decided(built)), /^Choose +XMPP, for/m);
});

test("where intervals overlap nobody can tell which is first", () => {
  const equal = { delay: 1, tail: 0, bytes: 0, cpu: 0, memory: 0, build: 0 };
  assert.match(renderSummary(decided(equal, 0.1)), /^Choose +cannot tell between WebSocket, SSE and XMPP, for/m);
});

test("a target without a cost that counts and others have is shown unranked, and why", () => {
  const results = decided();
  const cells = results.cells.filter(({ scenario, target }) => scenario !== "idle" || target !== "websocket");
  const screen = renderSummary({ ...results, cells });
  assert.match(screen, /^Not sure +WebSocket is not ranked: memory is not known\.$/m);
  assert.match(screen, /^Choose +XMPP, for/m);
  assert.match(rowOf(screen, "WebSocket"), /^WebSocket +– /);
});

test("the report has the same rows as the screen, with their intervals, and the rule of the score", async () => {
  const report = (await renderReport(decided())).get("report.md")!;
  assert.match(report, /\| WebSocket +\| 1(\.00)?× \(.*\) \| 30\.0 ms \(/);
  assert.match(report, /login and resume/);
  assert.match(report, /weighted geometric mean/);
  assert.match(report, /Another is first where one thing changes/);
});

test("results without a profile are told as before", () => {
  assert.doesNotMatch(
    renderSummary(
      resultsOf([cellOf("idle", sixTargets[1]!, [trialWith({ measures: { memoryBytesPerConnection: 5000 } })])]),
    ),
    /Choose/,
  );
});
