import assert from "node:assert/strict";
import { test } from "node:test";
import type { Expectation, Flag } from "../contract/results.ts";
import type { MetricName } from "../metrics/metrics.ts";
import { derailedCodes, whyCannotTell } from "./disturbances.ts";

type Measures = Partial<Record<MetricName, number>>;

const derailed: Flag = {
  code: derailedCodes.cut,
  severity: "warning",
  cause: "machine",
  message: "node-2 was taken out although it was only starved",
};
const lost: Measures = { missingDeliveries: 10, missingDueToBrokerDeliveries: 10, deliveredFraction: 0.9 };
const half = { ...lost, missingDueToBrokerDeliveries: 5, missingDueToMachineDeliveries: 5 };
const machine = { ...lost, missingDueToBrokerDeliveries: 0, missingDueToMachineDeliveries: 10 };
const users = { ...lost, missingDueToBrokerDeliveries: 0, missingDueToUsersDeliveries: 10 };
const unknown = { ...lost, missingDueToBrokerDeliveries: 0, missingOfUnknownCauseDeliveries: 10 };
const late = { p99ReconnectedMs: 3300, cpuWaitMaxMs: 120 };

/** What was measured of a metric that was expected up to a bound, and what the excuse says, if there is one. */
const cases: [string, MetricName, Expectation["expected"], Measures, RegExp | undefined, Flag?][] = [
  ["the broker's losses are its own", "deliveredFraction", { low: 1 }, lost, undefined],
  ["half of them are", "deliveredFraction", { low: 1 }, half, undefined],
  ["the machine's are nobody's", "deliveredFraction", { low: 1 }, machine, /10 by a machine/],
  ["nor the users' process's", "deliveredFraction", { low: 1 }, users, /10 by the process of the virtual users/],
  ["what nobody can tell accuses nobody", "deliveredFraction", { low: 1 }, unknown, /10 by nobody knows whom/],
  ["counts likewise", "missingDeliveries", { high: 0 }, { ...machine, missingDeliveries: 10 }, /of 10 missing/],
  [
    "counts are not excused for more",
    "silentLossDeliveries",
    { high: 0 },
    { ...half, silentLossDeliveries: 6 },
    undefined,
  ],
  ["a derailed trial loses for its own reasons", "deliveredFraction", { low: 1 }, lost, undefined, derailed],
  [
    "a derailed trial drops connections",
    "droppedConnections",
    { high: 0 },
    { droppedConnections: 9 },
    /starved/,
    derailed,
  ],
  ["an undisturbed one does not", "droppedConnections", { high: 0 }, { droppedConnections: 9 }, undefined],
  ["a clock is excused by what was late", "p99ReconnectedMs", { high: 3000 }, late, /120 ms of one second/],
  ["but not by less", "p99ReconnectedMs", { high: 2900 }, late, undefined],
  ["users that stand still are late", "detectMs", { high: 5 }, { detectMs: 60, usersStallMaxMs: 20 }, /stood still/],
  [
    "a starved trial has no rates",
    "peakAttemptsPerSecond",
    { high: 5 },
    { peakAttemptsPerSecond: 9, cpuWaitShareMax: 0.3 },
    /30 % of the time/,
  ],
  [
    "nor one with full users",
    "lastRecipientP50Us",
    { high: 5 },
    { lastRecipientP50Us: 9, usersEventLoopUtilization: 0.97 },
    /busy 97 %/,
  ],
  [
    "nor one sent late",
    "lastRecipientP50Us",
    { high: 5 },
    { lastRecipientP50Us: 9, dispatchP50Us: 20_000 },
    /20 ms late/,
  ],
  [
    "slowness doubles nothing",
    "duplicatedDeliveries",
    { high: 0 },
    { duplicatedDeliveries: 1, cpuWaitShareMax: 0.9 },
    undefined,
  ],
  ["nor does it end a process", "nodeDeaths", { high: 0 }, { nodeDeaths: 1, cpuWaitShareMax: 0.9 }, undefined],
  [
    "nor does it lose state",
    "rejoinFoundFraction",
    { low: 1 },
    { rejoinFoundFraction: 0.5, cpuWaitShareMax: 0.9 },
    undefined,
  ],
  [
    "who got no answer on a busy machine did not see that state was lost",
    "rejoinFoundFraction",
    { low: 1, high: 1 },
    { rejoinFoundFraction: 0.5, rejoinUnansweredFraction: 0.5, cpuWaitShareMax: 0.9, cpuWaitMaxMs: 900 },
    /kept from its core for 90 %/,
  ],
  [
    "some without an answer do not excuse others who were told that it is gone",
    "rejoinFoundFraction",
    { low: 1, high: 1 },
    { rejoinFoundFraction: 0.4, rejoinUnansweredFraction: 0.5, cpuWaitShareMax: 0.9, cpuWaitMaxMs: 900 },
    undefined,
  ],
  [
    "no answer where nobody waited long for a core is the system's",
    "stepsFoundFraction",
    { low: 1, high: 1 },
    { stepsFoundFraction: 0, stepsUnansweredFraction: 1, cpuWaitShareMax: 0.4, cpuWaitMaxMs: 100 },
    undefined,
  ],
  [
    "nobody can be let in by processes that have no core",
    "welcomedAttemptsFraction",
    { low: 1, high: 1 },
    { welcomedAttemptsFraction: 0, cpuWaitShareMax: 0.7, cpuWaitMaxMs: 900 },
    /kept from its core for 70 %/,
  ],
];

for (const [name, metric, expected, measures, says, flag] of cases) {
  test(name, () => {
    const expectation = { statement: "s", formula: "f", metric, expected };
    const because = whyCannotTell(expectation, { measures, windows: [], flags: flag === undefined ? [] : [flag] });
    if (says === undefined) assert.equal(because, undefined);
    else assert.match(because ?? "", says);
  });
}

test("a window in which a process waited for its core excuses what was timed, not what was counted in bytes", () => {
  const window = { name: "w", startMs: 0, durationMs: 1000, measures: { cpuWaitShare: 0.4 }, histograms: {} };
  const whyNot = (metric: MetricName) =>
    whyCannotTell(
      { statement: "s", formula: "f", metric, expected: { low: 1 } },
      { measures: { [metric]: 0.5 }, windows: [window], flags: [] },
    );
  assert.match(whyNot("relayOverEchoP50Ratio") ?? "", /kept from its core for 40 % of a window/);
  assert.equal(whyNot("wireBytesPerMessage"), undefined);
  assert.equal(whyNot("lostMessages"), undefined);
});
