/** Runs the cells of any experiments: conformance first, then set after set of trials, keeping the results up to date. */

import { seededRandom, shuffled } from "../../protocol/random.ts";
import { decideClaims } from "../../results/claims/claims.ts";
import { type Results, schemaVersion, type Window } from "../../results/contract/results.ts";
import { compareWithReference } from "../../results/summary/comparison.ts";
import { commit, version } from "../environment/environment.ts";
import type { Experiment } from "../experiments/contract/experiment.ts";
import { ProgramPool } from "../rigs/program-pool.ts";
import { describeTarget, type Target } from "../targets/target.ts";
import { CellState, type PlannedCell } from "./cell-state.ts";
import { brokersIn } from "./components.ts";
import { describeBrokers } from "./described-brokers.ts";
import { describeServers } from "./described-servers.ts";
import { conditionsOf, environmentOf, measuredIn, retainWholeSets, runsBefore } from "./earlier.ts";
import { runSet } from "./set.ts";
import { verifyTargets } from "./verification.ts";

export interface RunPlan {
  readonly command: string;
  readonly preset: string;
  readonly seed: number;
  readonly trials: number;
  readonly cells: readonly PlannedCell[];
  /** Claims, by their ids, that it is run for: these are told whatever comes of it. */
  readonly claims?: readonly string[];
  /** A run of the same plan that was cut short: what it measured is not measured again. */
  readonly earlier?: Results;
  /** Experiments that the preset does without. */
  readonly leftOut?: NonNullable<Results["leftOut"]>;
  /** Adds trials to each cell until its headline intervals are that narrow, or there are so many. */
  readonly precision?: { readonly share: number; readonly trialsMax: number };
}

/** What a run tells while it goes on. */
export interface RunObserver {
  /** Conformance of the target begins. */
  verifying(target: Target): void;
  refused(target: Target, reason: string): void;
  /** Some cells begin a trial of theirs together: one, some side by side, or all that take turns. */
  trialsStart(steps: readonly TrialStep[]): void;
  /** Of a trial that goes on: a window, or a slice of one. */
  windowEnded(step: TrialStep, window: Window): void;
  /** With what the cell has become. */
  trialEnded(step: TrialStep): void;
  /** After everything that changed the results, so that they can be written. */
  checkpoint(results: Results): void;
}

export interface TrialStep {
  readonly state: CellState;
  readonly trial: number;
  /** Position in the run, from 1. */
  readonly number: number;
  readonly of: number;
}

/** So many cells whose trials need no quiet machine share it at a time. */
export const sideBySideMax = 6;

/** Never rejects for a failing target: its cells say what happened. `signal` ends the run with what is measured. */
export async function run(plan: RunPlan, observer: RunObserver, signal: AbortSignal): Promise<Results> {
  const cells = plan.cells.map(({ cell }) => cell);
  const { claims = [], earlier } = plan;
  const environment = environmentOf(cells, earlier);
  const known = measuredIn(earlier);
  const states = plan.cells.map((planned) => new CellState(planned, environment, known(planned)));
  const targets = distinct(cells.map(({ target }) => target));
  const header = {
    schemaVersion,
    tool: { name: "wirebench", version, commit: commit() },
    command: plan.command,
    preset: plan.preset,
    seed: plan.seed,
    startedAt: new Date().toISOString(),
    ...(earlier !== undefined && { continues: runsBefore(earlier) }),
    environment,
  } as const;
  const brokers = describeBrokers(brokersIn(plan.cells.map(({ cell }) => cell)));
  const servers = describeServers(cells);
  const results = (): Results => {
    const found = states.map(({ result }) => result);
    const described = targets.map(describeTarget);
    return {
      ...header,
      finishedAt: new Date().toISOString(),
      interrupted: signal.aborted,
      experiments: describeExperiments(plan),
      ...(plan.leftOut !== undefined && plan.leftOut.length > 0 && { leftOut: [...plan.leftOut] }),
      targets: described,
      ...(brokers.length > 0 && { brokers }),
      ...(servers.length > 0 && { servers }),
      cells: found,
      comparisons: targets.length > 1 ? compareWithReference(found, targets[0]!.label) : [],
      ...(claims.length > 0 && { claimsAsked: [...claims] }),
      claims: decideClaims({ cells: found, targets: described }, claims),
    };
  };
  const checkpoint = (): void => observer.checkpoint(results());

  for (const state of states) {
    const { experiment, cell } = state.planned;
    const reason = experiment.unfit?.(cell);
    if (reason !== undefined) state.stop({ state: "not-run", reason });
  }
  if (earlier !== undefined) retainWholeSets(states);
  const unfinished = states.filter((state) => state.trialsLeft(1, plan.trials) > 0);
  await verifyTargets(unfinished, observer, signal);
  checkpoint();
  await using programs = new ProgramPool();
  await runTrials(plan, states, { programs, observer, signal, checkpoint });
  const final = results();
  observer.checkpoint(final);
  return final;
}

interface Surroundings {
  readonly programs: ProgramPool;
  readonly observer: RunObserver;
  readonly signal: AbortSignal;
  readonly checkpoint: () => void;
}

/** All trials; those of a cluster after all others, so that no broker is alive beside what needs none. */
async function runTrials(plan: RunPlan, states: readonly CellState[], surroundings: Surroundings): Promise<void> {
  const isClustered = ({ planned }: CellState): boolean => planned.cell.target.system.kind === "cluster";
  const parts = [states.filter((state) => !isClustered(state)), states.filter(isClustered)];
  let done = 0;
  for (const [place, part] of parts.entries()) {
    const later = trialsPlanned(parts.slice(place + 1).flat(), 1, plan);
    if (part.length === 0 || surroundings.signal.aborted) continue;
    // A broker may take seconds to start: it does so while cells run that need none.
    void surroundings.programs.prepare(brokersIn(part.map(({ planned }) => planned.cell)));
    done = await runRounds(plan, part, surroundings, { done, later });
  }
}

const trialsPlanned = (states: readonly CellState[], from: number, { trials }: RunPlan): number =>
  states.reduce((sum, state) => sum + state.trialsLeft(from, trials), 0);

/** Round by round, each in a random order; more rounds for the cells that are not precise yet. Resolves with the trials done. */
async function runRounds(
  plan: RunPlan,
  states: readonly CellState[],
  { programs, observer, signal, checkpoint }: Surroundings,
  { done, later }: { done: number; readonly later: number },
): Promise<number> {
  const random = seededRandom(plan.seed);
  const { trialsMax, share } = plan.precision ?? { trialsMax: plan.trials, share: 0 };
  for (let trial = 1; trial <= trialsMax; trial++) {
    const open = states.filter((state) => !state.stopped);
    const wanting = open.filter((state) => state.wants(trial, plan.trials, share));
    const of = done + later + Math.max(wanting.length, trialsPlanned(open, trial, plan));
    for (const batch of batchesOf(shuffled(wanting, random))) {
      if (signal.aborted) return done;
      const steps = batch.states.map((state) => ({ state, trial, number: ++done, of }));
      observer.trialsStart(steps);
      const context = { seed: plan.seed, trial, signal, programs };
      const sideBySide = batch.isolation === "shared" ? steps.map((step) => [step]) : [steps];
      await Promise.all(
        sideBySide.map(async (set) => {
          const planned = set.map((step) => ({ ...step.state.planned, step }));
          const results = await runSet(planned, context, ({ step }, window) => observer.windowEnded(step, window));
          for (const [index, { trial: measured, failure }] of results.entries()) {
            const step = set[index]!;
            if (failure === undefined || measured.windows.length > 0) step.state.add(measured, failure?.reason);
            if (failure !== undefined && !failure.elsewhere && !signal.aborted) step.state.stop(failure);
            observer.trialEnded(step);
          }
        }),
      );
      checkpoint();
    }
  }
  return done;
}

/** Cells whose trials run together. */
interface Batch {
  readonly isolation: Experiment["isolation"];
  readonly states: readonly CellState[];
}

/**
 * A trial that needs the machine to itself has it; those that take turns under the same conditions are one set; some
 * others share the machine.
 */
function batchesOf(states: readonly CellState[]): Batch[] {
  const by = Map.groupBy(states, ({ planned }) => planned.experiment.isolation);
  const alone = (by.get("exclusive") ?? []).map((state): Batch => ({ isolation: "exclusive", states: [state] }));
  // Only with their like: what one experiment leaves of the machine may be too little for another.
  const alike = Map.groupBy(by.get("shared") ?? [], ({ planned }) => planned.experiment);
  const sideBySide = [...alike.values()].flatMap((own) =>
    own.flatMap((_, index): Batch[] =>
      index % sideBySideMax === 0 ? [{ isolation: "shared", states: own.slice(index, index + sideBySideMax) }] : [],
    ),
  );
  const sets = Map.groupBy(by.get("in-turn") ?? [], ({ planned }) => conditionsOf(planned));
  const inTurn = [...sets.values()].map((own): Batch => ({ isolation: "in-turn", states: own }));
  return [...inTurn, ...alone, ...sideBySide];
}

const describeExperiments = ({ cells }: RunPlan): Results["experiments"] =>
  [...new Set(cells.map(({ experiment }) => experiment))].map(({ name, group, title, question, lesson }) => ({
    name,
    group,
    title,
    question,
    ...(lesson !== undefined && { lesson }),
  }));

/** By their label, in the order given. */
const distinct = (targets: readonly Target[]): Target[] => [
  ...new Map(targets.map((target) => [target.label, target])).values(),
];
