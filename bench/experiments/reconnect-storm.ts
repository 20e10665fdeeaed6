import { type Backoff, describeBackoff } from "../../load/channel/backoff.ts";
import { nowNs } from "../../protocol/clock.ts";
import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { brokenBy, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { type Expectation, everybodyBack } from "./cluster/expectations.ts";
import { outageMeasures, outageMetrics, peakAttempts } from "./cluster/ledger-measures.ts";
import { evenUsers, setupOf } from "./cluster/setup.ts";
import { breakAt, markOutages } from "./cluster/traffic.ts";

const awayMs = 700;
/** Resolution of the rate of attempts. */
const binMs = 100;
/** So many times the users of the other experiments. */
const usersFactor = 3;
/** The wait that spreads, or does not. Longer than the outage, so that the first wave meets a load balancer that is back. */
const waitMs = 1500;

/** Everybody is cut off at the same instant: the load balancer dies and comes back. */
async function cutEverybody(rig: ClusterRig) {
  await rig.users.reset();
  rig.startClock();
  await rig.wait(binMs);
  const faultNs = await breakAt(rig, "haproxy", "killed", () => rig.proxy.kill());
  await rig.untilCut(rig.setup.users, faultNs);
  await rig.wait(awayMs);
  rig.mark("action", "haproxy", "started again");
  await rig.unlessFailed(rig.proxy.restart());
  await rig.untilEverybodyIsBack();
  const outages = await markOutages(rig, faultNs);
  // The series has whole bins only.
  await rig.wait(binMs);
  const series = await rig.users.series({ startNs: faultNs, endNs: nowNs(), stepMs: binMs });
  const { attempts, failedAttempts } = await rig.users.counts();
  return {
    ...outageMeasures(outages, faultNs),
    ...peakAttempts(series),
    attempts,
    failedAttempts,
    attemptsPerUser: attempts / rig.setup.users,
  };
}

function variants(settings: ClusterSettings): Variant[] {
  const users = evenUsers(settings.users * usersFactor, settings.nodes);
  const variant = (backoff: Backoff, expectations: Expectation[]): Variant => ({
    name: backoff.kind === "none" ? "no back-off" : backoff.kind.replace("-", " "),
    setup: setupOf(settings, { users, backoff }),
    settings: { wait: describeBackoff(backoff) },
    expectations: [everybodyBack, ...expectations],
    trafficMs: awayMs + waitMs + 1000,
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
  const tries = (statement: string, formula: string, expected: Expectation["expected"]): Expectation => ({
    statement,
    formula,
    metric: "attemptsPerUser",
    expected,
  });
  return [
    variant({ kind: "none" }, [
      tries("users retry as fast as they can while nobody listens", "more than 2 attempts each", { low: 2 }),
    ]),
    variant({ kind: "fixed", delayMs: waitMs }, [
      peak(
        "a fixed wait only moves the herd: most come in the same tenth of a second, or two",
        `between a third of and all ${users} users in ${binMs} ms`,
        inOneBin / 3,
        inOneBin,
      ),
      tries("one attempt is enough", "the wait is longer than the outage: 1", { low: 1, high: 1.5 }),
    ]),
    variant({ kind: "exponential", baseMs: waitMs / 4, capMs: 4 * waitMs }, [
      peak(
        "doubling the wait saves attempts but keeps the herd together",
        `between a third of and all ${users} users in ${binMs} ms`,
        inOneBin / 3,
        inOneBin,
      ),
      tries(
        "a first attempt meets the outage, the second does not",
        `waits of ${waitMs / 4} and ${waitMs / 2} ms, the outage at least ${awayMs} ms: 2 attempts each, or one more on a busy machine`,
        { low: 2, high: 3 },
      ),
    ]),
    variant({ kind: "full-jitter", baseMs: waitMs, capMs: 4 * waitMs }, [
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
export const reconnectStorm = clusterExperiment({
  name: "reconnect-storm",
  group: "failure",
  title: "Everybody comes back at once",
  question:
    "All users are cut off in the same instant. How does their back-off shape the reconnect storm that follows?",
  lesson:
    "Without back-off every user retries as fast as it can while nobody listens. A fixed or an exponential wait saves attempts, but all users were cut off together and so come back together: a thundering herd. Only randomness breaks it up: with full jitter the peak falls to the users divided by the wait, and the price is that the last one is back a little later.",
  follows: ["nodes", "balancer", "users", "policy", "protocol"],
  metrics: [...outageMetrics, "peakAttemptsPerSecond", "attempts", "failedAttempts", "attemptsPerUser"],
  variants,
  sabotage: (cells) =>
    brokenBy(cells.at(-1)!, { backoff: { kind: "fixed", delayMs: waitMs } }, "peakAttemptsPerSecond"),
});
