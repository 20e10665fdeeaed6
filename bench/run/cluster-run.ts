/** Runs experiments arm by arm, trial by trial, holds what was measured against what was expected, keeps the results up to date. */

import { describeBackoff } from "../../load/channel/backoff.ts";
import { nowNs } from "../../protocol/clock.ts";
import type {
  ClusterCell,
  ClusterParameters,
  ClusterResults,
  ClusterTrial,
  Prediction,
} from "../../results/contract/cluster-results.ts";
import { scalingFits } from "../../results/summary/scaling.ts";
import { judgeTrials } from "../../results/validity/cluster-validity.ts";
import { brokerNamed } from "../../servers/cluster/brokers/brokers.ts";
import { commit, version } from "../environment/environment.ts";
import type { Arm, Expectation, Experiment, Measures } from "../experiments/contract/experiment.ts";
import { BrokerPool } from "../rigs/cluster/broker-pool.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { describeStageError, Stage } from "../rigs/cluster/stage.ts";
import { balancedAs, defaultProtocol } from "../targets/balanced-protocols.ts";
import { clusterEnvironment } from "./cluster-environment.ts";

export interface ClusterPlan {
  readonly command: string;
  readonly preset: string;
  readonly seed: number;
  readonly settings: ClusterSettings;
  readonly experiments: readonly Experiment[];
}

export interface ArmStep {
  readonly experiment: Experiment;
  readonly arm: Arm;
  readonly trial: number;
  /** Position in the run, from 1. */
  readonly number: number;
  readonly of: number;
}

/** What a run tells while it goes on. */
export interface ClusterObserver {
  armStarts(step: ArmStep): void;
  /** With the predictions of the trial just measured, or why there are none. */
  armEnded(step: ArmStep, cell: ClusterCell): void;
  /** After every arm, so that the results can be written. */
  checkpoint(results: ClusterResults): void;
}

/** Never rejects for a failing arm: its cell says what happened. `signal` ends the run with what is measured. */
export async function runCluster(
  plan: ClusterPlan,
  observer: ClusterObserver,
  signal: AbortSignal,
): Promise<ClusterResults> {
  const steps = plan.experiments.flatMap((experiment) =>
    experiment.arms(plan.settings).map((arm) => ({ experiment, arm })),
  );
  const cells: ClusterCell[] = [];
  const header = {
    schemaVersion: 1,
    kind: "cluster",
    tool: { name: "wirebench", version, commit: commit() },
    command: plan.command,
    preset: plan.preset,
    seed: plan.seed,
    startedAt: new Date().toISOString(),
    environment: clusterEnvironment(steps.map(({ arm }) => arm.setup)),
  } as const;
  const results = (): ClusterResults => ({
    ...header,
    finishedAt: new Date().toISOString(),
    interrupted: signal.aborted,
    experiments: plan.experiments
      .filter(({ name }) => cells.some(({ scenario }) => scenario === name))
      .map(({ name, group, title, question, lesson }) => ({ name, group, title, question, lesson })),
    brokers: [...new Set(cells.map(({ parameters }) => parameters.broker))].flatMap((name) => {
      if (name === "none") return [];
      const { title, delivery, history, order, outage } = brokerNamed(name).traits;
      return [{ name, title, delivery, history, order, outage }];
    }),
    cells,
    scaling: scalingFits(cells),
    comparisons: [],
    claims: [],
  });

  const brokers = new BrokerPool();
  try {
    // Kafka takes seconds, so it starts while experiments run that need no broker.
    void brokers.prepare([...new Set(steps.map(({ arm }) => arm.setup.broker))]);
    for (const [index, { experiment, arm }] of steps.entries()) {
      if (signal.aborted) break;
      const cell = await measureArm(experiment, arm, {
        plan,
        brokers,
        signal,
        starts: (trial) => observer.armStarts({ experiment, arm, trial, number: index + 1, of: steps.length }),
      });
      if (cell === undefined) break;
      cells.push(cell);
      observer.armEnded({ experiment, arm, trial: plan.settings.trials, number: index + 1, of: steps.length }, cell);
      observer.checkpoint(results());
    }
  } finally {
    await brokers.stop();
  }
  return results();
}

interface ArmOptions {
  readonly plan: Pick<ClusterPlan, "settings" | "seed">;
  readonly brokers: Pick<BrokerPool, "serverOf" | "component">;
  readonly signal: AbortSignal;
  readonly starts: (trial: number) => void;
}

/** All trials of an arm; undefined where Ctrl-C came before the first was complete. */
export async function measureArm(
  experiment: Experiment,
  arm: Arm,
  { plan, brokers, signal, starts }: ArmOptions,
): Promise<ClusterCell | undefined> {
  const { settings } = plan;
  const identity = identityOf(experiment, arm);
  const unfit = whyUnfit(experiment, arm);
  if (unfit !== undefined) return { ...identity, state: "not-run", reason: unfit };
  const trials: ClusterTrial[] = [];
  for (let trial = 1; trial <= settings.trials && !signal.aborted; trial++) {
    starts(trial);
    try {
      trials.push(await runTrial(arm, trial, { plan, brokers, signal, topic: topicOf(identity, trial) }));
    } catch (error) {
      if (!signal.aborted) return { ...identity, ...describeStageError(error) };
    }
  }
  if (trials.length === 0) return undefined;
  const summary = summarise(trials.map(({ measures }) => measures));
  return {
    ...identity,
    state: "measured",
    validity: judgeTrials(trials),
    trials,
    summary,
    predictions: arm.expectations.map((expectation) => judge(expectation, trials)),
  };
}

/** A prediction about connections says nothing of requests that are balanced one by one. */
function whyUnfit({ predicts }: Experiment, { setup }: Arm): string | undefined {
  const { protocol, policy, mayStayOut } = setup;
  const kind = balancedAs(protocol);
  if (predicts !== undefined && !predicts.includes(kind)) {
    return `its predictions are about connections that stay where they are; with ${protocol} the load balancer sees ${kind === "stream" ? "requests beside them" : "requests"}, and sends each where it likes: run it with --protocol ${defaultProtocol.name}`;
  }
  if (kind !== "connection" && policy === "round-robin" && !mayStayOut) {
    return `with ${protocol} a user is several requests, and round-robin sends them to different nodes, so that nobody gets in (see the experiment stickiness): run it with --policy sticky`;
  }
  return undefined;
}

async function runTrial(
  arm: Arm,
  trial: number,
  { plan, brokers, signal, topic }: Omit<ArmOptions, "starts"> & { topic: string },
): Promise<ClusterTrial> {
  const startedAt = new Date().toISOString();
  const startNs = nowNs();
  const seed = plan.seed + trial;
  const stage = await Stage.open({ setup: arm.setup, settings: plan.settings, brokers, seed, topic, signal });
  try {
    stage.startClock();
    const measures = await arm.run(stage);
    const record = await stage.record();
    return {
      trial,
      startedAt,
      durationMs: (nowNs() - startNs) / 1e6,
      measures,
      ...record,
    };
  } finally {
    await stage.close();
  }
}

/** Topics of Kafka and streams of JetStream take letters, digits and `-`. */
const topicOf = (
  { scenario, parameters }: { scenario: string; parameters: ClusterParameters },
  trial: number,
): string => `${scenario}-${parameters.arm}-${trial}-${nowNs()}`.replaceAll(/[^a-zA-Z0-9-]+/g, "-");

function identityOf({ name }: Experiment, { name: armName, setup, ratePerSecond, settings = {} }: Arm) {
  const { protocol, nodes, broker, policy, users, cookies, state, resume, backoff, payloadBytes } = setup;
  return {
    target: [protocol, broker === "none" ? "no broker" : broker, armName].join(", "),
    protocol,
    scenario: name,
    parameters: {
      arm: armName,
      nodes,
      broker,
      policy,
      users,
      cookies,
      state,
      resume,
      backoff: describeBackoff(backoff),
      ...(ratePerSecond !== undefined && { ratePerSecond }),
      payloadBytes,
      settings,
    },
  };
}

/** Median, lowest and highest of the trials, of every metric that all of them have. */
function summarise(measures: readonly Measures[]): Record<string, { value: number; low: number; high: number }> {
  const names = Object.keys(measures[0]!).filter((name) => measures.every((trial) => trial[name] !== undefined));
  return Object.fromEntries(
    names.map((name) => {
      const sorted = measures.map((trial) => trial[name]!).sort((a, b) => a - b);
      const middle = (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
      return [name, { value: middle, low: sorted[0]!, high: sorted.at(-1)! }];
    }),
  );
}

/**
 * A prediction holds if it held in every trial, and fails if it failed in one, whether or not the others have a number;
 * what is shown is the trial furthest from it.
 */
export function judge(expectation: Expectation, trials: readonly Pick<ClusterTrial, "measures">[]): Prediction {
  const { low, high } = expectation.expected;
  const beside = (value: number): number => Math.max(low - value, value - high, 0);
  const values = trials
    .flatMap(({ measures }) => measures[expectation.metric] ?? [])
    .filter((value) => !Number.isNaN(value))
    .sort((a, b) => beside(b) - beside(a));
  const [measured] = values;
  if (measured !== undefined && beside(measured) > 0) return { ...expectation, measured, verdict: "failed" };
  if (measured === undefined || values.length < trials.length) return { ...expectation, verdict: "not-measured" };
  return { ...expectation, measured, verdict: "held" };
}
