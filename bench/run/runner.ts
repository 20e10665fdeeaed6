/** Runs a plan: conformance first, then all trials in a seeded random order, keeping the results up to date. */

import { describeError } from "../../protocol/errors.ts";
import { seededRandom, shuffled } from "../../protocol/random.ts";
import { trialsToRankMin } from "../../reports/view/ranking.ts";
import {
  type Capacity,
  type Cell,
  type Objective,
  type Results,
  schemaVersion,
  type Trial,
} from "../../results/contract/results.ts";
import { compareWithReference } from "../../results/summary/comparison.ts";
import { summarise } from "../../results/summary/summary.ts";
import type { MachineLoad } from "../../results/validity/machine.ts";
import { judge } from "../../results/validity/validity.ts";
import type { ConformanceResult } from "../conformance/suite.ts";
import { commit, describeEnvironment, version } from "../environment/environment.ts";
import { protocolNamed, protocolNames } from "../targets/protocols.ts";
import type { Target } from "../targets/target.ts";
import { runIdleTrial } from "./idle-trial.ts";
import { measureCapacity } from "./measure-capacity.ts";
import { type CellPlan, sideBySideMax } from "./plan.ts";
import { runTrial, type TrialOptions, type TrialOutcome } from "./trial.ts";
import { verifyTarget } from "./verify.ts";

export interface RunPlan {
  readonly command: string;
  readonly preset: string;
  readonly seed: number;
  readonly trials: number;
  /** Target others are compared with. */
  readonly reference: string;
  readonly cells: readonly CellPlan[];
  /** Adds trials to each cell until its headline intervals are that narrow, or there are so many. */
  readonly precision?: { readonly share: number; readonly trialsMax: number };
  /** Instead of trials, search each cell's highest rate that holds this. */
  readonly objective?: Objective;
}

/** What a run tells while it goes on. */
export interface RunObserver {
  /** Conformance of the target begins. */
  verifying(target: Target): void;
  refused(target: Target, reason: string): void;
  trialStarts(step: TrialStep): void;
  /** The knee search of a target tries a rate. */
  probing(target: Target, ratePerSecond: number): void;
  trialFailed(step: TrialStep, reason: string): void;
  /** After everything that changed the results, so that they can be written. */
  checkpoint(results: Results): void;
}

export interface TrialStep {
  readonly cell: CellPlan;
  readonly trial: number;
  /** Position in the run, from 1. */
  readonly number: number;
  readonly of: number;
}

/** What is known of a cell so far. */
interface CellState {
  readonly plan: CellPlan;
  readonly trials: Trial[];
  /** Why it will not be measured any further. */
  stopped?: { state: "failed" | "refused" | "not-run"; reason: string };
}

const oneWayNeedsOurs = "one-way delays need the server this project brings: one started elsewhere only echoes";

/** Never rejects for a failing target: its cells say what happened. `signal` ends the run with what is measured. */
export async function run(plan: RunPlan, observer: RunObserver, signal: AbortSignal): Promise<Results> {
  const states: CellState[] = plan.cells.map((cell) => ({ plan: cell, trials: [] }));
  const header = {
    schemaVersion,
    tool: { name: "wirebench", version, commit: commit() },
    command: plan.command,
    preset: plan.preset,
    seed: plan.seed,
    startedAt: new Date().toISOString(),
    environment: describeEnvironment(),
  } as const;
  const capacities: Capacity[] = [];
  const results = (): Results => {
    const reported = plan.objective === undefined ? states : states.filter(({ stopped }) => stopped !== undefined);
    const cells = reported.map((state) => toCell(state, plan.trials, header.environment));
    return {
      ...header,
      finishedAt: new Date().toISOString(),
      interrupted: signal.aborted,
      protocols: describeProtocols(plan.cells),
      cells,
      comparisons: compareWithReference(cells, plan.reference),
      ...(plan.objective !== undefined && { capacities }),
      claims: [],
    };
  };

  for (const state of states) {
    if (state.plan.target.url !== undefined && state.plan.scenario.service === "one-way") {
      state.stopped = { state: "not-run", reason: oneWayNeedsOurs };
    }
  }
  await verifyTargets(states, observer, signal);
  observer.checkpoint(results());

  for (const state of states) {
    if (plan.objective === undefined || state.stopped !== undefined || signal.aborted) continue;
    const { target } = state.plan;
    const onProbe = (ratePerSecond: number): void => observer.probing(target, ratePerSecond);
    capacities.push(await measureCapacity(state.plan, plan.objective, { seed: plan.seed, signal, onProbe }));
    observer.checkpoint(results());
  }
  if (plan.objective === undefined)
    await runTrials(plan, states, observer, signal, () => observer.checkpoint(results()));
  const final = results();
  observer.checkpoint(final);
  return final;
}

/** All trials, round by round, each round in a random order; more rounds for the cells that are not precise yet. */
async function runTrials(
  plan: RunPlan,
  states: readonly CellState[],
  observer: RunObserver,
  signal: AbortSignal,
  checkpoint: () => void,
): Promise<void> {
  const random = seededRandom(plan.seed);
  const { trialsMax, share } = plan.precision ?? { trialsMax: plan.trials, share: 0 };
  let done = 0;
  for (let trial = 1; trial <= trialsMax; trial++) {
    const wanting = states.filter(
      (state) => state.stopped === undefined && (trial <= plan.trials || !isPrecise(state, share)),
    );
    const of = done + wanting.length * Math.max(1, plan.trials - trial + 1);
    for (const states of batchesOf(shuffled(wanting, random))) {
      if (signal.aborted) return;
      const steps = states.map((state) => ({ state, step: { cell: state.plan, trial, number: ++done, of } }));
      for (const { step } of steps) observer.trialStarts(step);
      await Promise.all(
        steps.map(async ({ state, step }) => {
          const { trial: measured, failure } = await trialOf(state.plan, { trial, seed: plan.seed, signal });
          if (measured.windows.length > 0 || measured.idle !== undefined) state.trials.push(measured);
          if (failure !== undefined && !signal.aborted) {
            state.stopped = { state: "failed", reason: failure };
            observer.trialFailed(step, failure);
          }
        }),
      );
      checkpoint();
    }
  }
}

const trialOf = (plan: CellPlan, options: TrialOptions): Promise<TrialOutcome> =>
  plan.scenario.loadKind === "none" ? runIdleTrial(plan, options) : runTrial(plan, options);

/** A trial with traffic has the machine to itself; then come those that only rest, some side by side. */
function batchesOf(states: readonly CellState[]): CellState[][] {
  const rests = ({ plan }: CellState): boolean => plan.scenario.loadKind === "none";
  const resting = states.filter(rests);
  const batches = states.filter((state) => !rests(state)).map((state) => [state]);
  for (let first = 0; first < resting.length; first += sideBySideMax) {
    batches.push(resting.slice(first, first + sideBySideMax));
  }
  return batches;
}

/** Whether the intervals of the metrics a scenario is about reach no further than `share` to either side. */
function isPrecise({ plan: { scenario, identity }, trials }: CellState, share: number): boolean {
  const complete = trials.filter(({ state }) => state === "complete");
  // Fewer have no interval at all.
  if (complete.length < trialsToRankMin) return false;
  const summary = summarise(complete, identity.parameters);
  return scenario.headlineMetrics.every((name) => {
    const interval = summary[name];
    return interval !== undefined && interval.high - interval.low <= 2 * share * interval.value;
  });
}

/** Checks each target once; a target that fails is refused in all its cells. */
async function verifyTargets(states: readonly CellState[], observer: RunObserver, signal: AbortSignal): Promise<void> {
  const byTarget = Map.groupBy(
    states.filter(({ stopped }) => stopped === undefined),
    ({ plan }) => plan.target,
  );
  for (const [target, cells] of byTarget) {
    if (signal.aborted) return;
    observer.verifying(target);
    const reason = await refusalOf(target, signal);
    if (reason === undefined || signal.aborted) continue;
    for (const state of cells) state.stopped = { state: "refused", reason };
    observer.refused(target, reason);
  }
}

async function refusalOf(target: Target, signal: AbortSignal): Promise<string | undefined> {
  try {
    const failed = (await verifyTarget(target, signal)).find(({ outcome }) => outcome === "failed");
    return failed && describeFailure(failed);
  } catch (error) {
    return describeError(error);
  }
}

const describeFailure = ({ case: name, reason }: ConformanceResult): string =>
  `it fails the conformance case "${name}": ${reason}`;

function toCell(
  { plan: { identity, target }, trials, stopped }: CellState,
  planned: number,
  machine: MachineLoad,
): Cell {
  if (stopped?.state === "failed") return { ...identity, state: "failed", reason: stopped.reason, trials };
  if (stopped !== undefined) return { ...identity, state: stopped.state, reason: stopped.reason };
  const complete = trials.filter(({ state }) => state === "complete");
  if (complete.length === 0) {
    return trials.length > 0
      ? { ...identity, state: "failed", reason: "interrupted in its first trial", trials }
      : { ...identity, state: "not-run", reason: `the run ended before the first of ${planned} trials` };
  }
  return {
    ...identity,
    state: "measured",
    validity: judge(complete, identity.parameters, protocolNamed(target.protocol).server.traits, machine),
    trials,
    summary: summarise(complete, identity.parameters),
  };
}

function describeProtocols(cells: readonly CellPlan[]): Results["protocols"] {
  const names = new Set(cells.map(({ target }) => target.protocol));
  return [...names].map((name) => {
    const { traits } = protocolNamed(name).server;
    const { title, summary, specification, uplink, downlink, framing, floor = false } = traits;
    const position = protocolNames.indexOf(name);
    return { name, title, summary, specification, uplink, downlink, framing, floor, position };
  });
}
