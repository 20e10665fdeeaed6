import { type Backoff, describeBackoff } from "../../load/channel/backoff.ts";
import { nowNs } from "../../protocol/clock.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import type { Stage } from "../rigs/cluster/stage.ts";
import { everybodyBack } from "./cluster/expectations.ts";
import { outageMeasures, peakAttempts } from "./cluster/ledger-measures.ts";
import { evenUsers, setupOf } from "./cluster/setup.ts";
import { breakAt, markOutages } from "./cluster/traffic.ts";
import type { Arm, Expectation, Experiment } from "./contract/experiment.ts";

const awayMs = 700;
/** Resolution of the rate of attempts. */
const binMs = 100;
const crowding = 3;
/** The wait that spreads, or does not. Longer than the outage, so that the first wave meets a load balancer that is back. */
const waitMs = 1500;

/** Everybody is cut off at the same instant: the load balancer dies and comes back. */
async function cutEverybody(stage: Stage) {
  await stage.ask("reset", undefined);
  stage.startClock();
  await stage.wait(binMs);
  const faultNs = await breakAt(stage, "haproxy", "killed", () => stage.proxy.kill());
  await stage.untilCut(stage.setup.users, faultNs);
  await stage.wait(awayMs);
  stage.mark("action", "haproxy", "started again");
  await stage.unlessFailed(stage.proxy.restart());
  await stage.untilEverybodyIsBack();
  const outages = await markOutages(stage, faultNs);
  // The series has whole bins only.
  await stage.wait(binMs);
  const series = await stage.ask("series", { startNs: faultNs, endNs: nowNs(), stepMs: binMs });
  const { attempts, failedAttempts } = await stage.ask("counts", undefined);
  return {
    ...outageMeasures(outages, faultNs),
    ...peakAttempts(series),
    attempts,
    failedAttempts,
    attemptsPerUser: attempts / stage.setup.users,
  };
}

function arms(settings: ClusterSettings): Arm[] {
  const users = evenUsers(settings.users * crowding, settings.nodes);
  const arm = (backoff: Backoff, expectations: Expectation[]): Arm => ({
    name: backoff.kind === "none" ? "no back-off" : backoff.kind.replace("-", " "),
    setup: setupOf(settings, { users, backoff }),
    settings: { wait: describeBackoff(backoff) },
    expectations: [everybodyBack, ...expectations],
    run: cutEverybody,
  });
  const peak = (statement: string, formula: string, low: number, high: number): Expectation => ({
    statement,
    formula,
    metric: "peakAttemptsPerSecond",
    expected: { low, high },
  });
  const inOneBin = (users * 1000) / binMs;
  const spread = (users * 1000) / waitMs;
  // Attempts in the fullest of some fifteen bins of a Poisson stream: five standard deviations above the mean are enough.
  // Those who were noticed in two bins come within two more bins than the wait has, and the fullest has its share at least.
  const perBin = (spread * binMs) / 1000;
  const spreadMax = ((perBin + 5 * Math.sqrt(perBin)) * 1000) / binMs;
  const spreadMin = (users / (waitMs / binMs + 2)) * (1000 / binMs);
  const tries = (statement: string, formula: string, low: number, high: number): Expectation => ({
    statement,
    formula,
    metric: "attemptsPerUser",
    expected: { low, high },
  });
  return [
    arm({ kind: "none" }, [
      tries("users hammer a door that is shut", "more than 2 attempts each", 2, Number.MAX_SAFE_INTEGER),
    ]),
    arm({ kind: "fixed", delayMs: waitMs }, [
      peak(
        "a fixed wait only moves the herd: most come in the same tenth of a second, or two",
        `between a third of and all ${users} users in ${binMs} ms`,
        inOneBin / 3,
        inOneBin,
      ),
      tries("one attempt is enough", "the wait is longer than the outage: 1", 1, 1.5),
    ]),
    arm({ kind: "exponential", baseMs: waitMs / 4, capMs: 4 * waitMs }, [
      peak(
        "doubling the wait saves attempts but keeps the herd together",
        `between a third of and all ${users} users in ${binMs} ms`,
        inOneBin / 3,
        inOneBin,
      ),
      tries(
        "a first attempt meets the outage, the second does not",
        `waits of ${waitMs / 4} and ${waitMs / 2} ms, the outage at least ${awayMs} ms: 2 attempts each, or one more on a busy machine`,
        2,
        3,
      ),
    ]),
    arm({ kind: "full-jitter", baseMs: waitMs, capMs: 4 * waitMs }, [
      peak(
        "a random wait spreads the herd over the whole wait",
        `users / wait = ${users} / ${waitMs / 1000} s = ${Math.round(spread)} per second on average, so the fullest tenth of a second has that at least, and at most 5 standard deviations of chance more`,
        spreadMin,
        spreadMax,
      ),
    ]),
  ];
}

/** Everybody comes back at once. (B15) */
export const reconnectStorm: Experiment = {
  name: "reconnect-storm",
  group: "failure",
  title: "Everybody comes back at once",
  question: "All users are cut off in the same instant. How does their back-off shape the storm that follows?",
  lesson:
    "Without a wait every user knocks as fast as it can on a door that is shut. A fixed or an exponential wait saves attempts, but all users took their leave together and so come back together. Only chance breaks the herd: with full jitter the peak falls to the users divided by the wait, and the price is that the last one is back a little later.",
  arms,
  broken: (settings) => {
    const all = arms(settings);
    const jitter = all.at(-1)!;
    return {
      ...jitter,
      setup: { ...jitter.setup, backoff: { kind: "fixed", delayMs: waitMs } },
      fails: "peakAttemptsPerSecond",
    };
  },
};
