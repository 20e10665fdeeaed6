/** What is known of a cell so far, and the cell of the results that follows from it: recomputed only when it changed. */
import { cellKey } from "../../results/contract/cells.ts";
import type { Cell, CellIdentity, Flag, Trial } from "../../results/contract/results.ts";
import { metricNamed } from "../../results/metrics/metrics.ts";
import { trialsForIntervalMin, trialsForPrecision } from "../../results/statistics/intervals.ts";
import { holdAgainst } from "../../results/summary/predictions.ts";
import { summarise } from "../../results/summary/summary.ts";
import { whyCannotTell } from "../../results/validity/disturbances.ts";
import type { MachineLoad } from "../../results/validity/machine.ts";
import { judge } from "../../results/validity/validity.ts";
import type { CellPlan, Experiment } from "../experiments/contract/experiment.ts";
import { deliveryFloorMs } from "../targets/target.ts";

/** A cell as planned, with the experiment it belongs to. */
export interface PlannedCell {
  readonly experiment: Experiment;
  readonly cell: CellPlan;
}

/** Why a cell will not be measured any further. */
export interface Stop {
  readonly state: "failed" | "refused" | "not-run";
  readonly reason: string;
}

export class CellState {
  readonly planned: PlannedCell;
  readonly #identity: CellIdentity;
  readonly #machine: MachineLoad;
  readonly #trials: Trial[] = [];
  readonly #remarks: Flag[] = [];
  /** Trials of the pilot, and how many they ask for in all. */
  #precision: { readonly pilot: number; readonly trials: number } | undefined;
  #stop: Stop | undefined;
  #cutShort = "interrupted";
  #result: Cell | undefined;

  constructor(planned: PlannedCell, machine: MachineLoad) {
    const { experiment, cell } = planned;
    this.planned = planned;
    this.#machine = machine;
    this.#identity = {
      target: cell.target.label,
      protocol: cell.target.protocol,
      scenario: experiment.name,
      ...(cell.variant !== undefined && { variant: cell.variant }),
      parameters: cell.parameters,
    };
  }

  /** As progress and messages call it. */
  get name(): string {
    return cellKey(this.#identity);
  }

  get stopped(): boolean {
    return this.#stop !== undefined;
  }

  /** Whether it takes part in a trial: of so many each, and further ones until its headline intervals are that narrow. */
  wants(trial: number, trials: number, share: number): boolean {
    return !this.stopped && (trial <= this.#own(trials) || (trial > trials && !this.isPrecise(share)));
  }

  /** How many there are for it from this one on, as far as one can say. */
  trialsLeft(trial: number, trials: number): number {
    return Math.max(1, this.#own(trials) - trial + 1);
  }

  #own(trials: number): number {
    return Math.min(trials, this.planned.cell.trialsMax ?? trials);
  }

  /** `reason` says why a partial one was cut short. */
  add(trial: Trial, reason?: string): void {
    this.#trials.push(trial);
    this.#cutShort = reason ?? this.#cutShort;
    this.#result = undefined;
  }

  /** The first reason counts; earlier trials are kept. */
  stop(stop: Stop): void {
    this.#stop ??= stop;
    this.#result = undefined;
  }

  /** What was found out about the target before its first trial, and bears on what the numbers say. */
  remark(flag: Flag): void {
    this.#remarks.push(flag);
    this.#result = undefined;
  }

  get result(): Cell {
    this.#result ??= this.#compute();
    return this.#result;
  }

  /**
   * Whether it has the trials that let the intervals of its headline metrics reach no further than `share` to either
   * side. How many those are is decided by the trials it has when it is first asked.
   */
  isPrecise(share: number): boolean {
    const trials = this.#complete;
    if (trials.length < trialsForIntervalMin) return false;
    this.#precision ??= { pilot: trials.length, trials: this.#trialsFor(share) };
    this.#result = undefined;
    return trials.length >= this.#precision.trials;
  }

  #trialsFor(share: number): number {
    const headline = this.planned.experiment.metrics.filter((name) => metricNamed(name).headline === true);
    const needed = headline.map((name) =>
      trialsForPrecision(
        this.#complete.map(({ measures }) => measures[name] ?? 0),
        share,
      ),
    );
    return Math.max(0, ...needed);
  }

  get #complete(): Trial[] {
    return this.#trials.filter(({ state }) => state === "complete");
  }

  #compute(): Cell {
    const identity = this.#identity;
    const stop = this.#stop;
    if (stop?.state === "failed") return { ...identity, state: "failed", reason: stop.reason, trials: this.#trials };
    if (stop !== undefined) return { ...identity, state: stop.state, reason: stop.reason };
    const complete = this.#complete;
    if (complete.length === 0) {
      return this.#trials.length > 0
        ? { ...identity, state: "failed", reason: `no trial was complete: ${this.#cutShort}`, trials: this.#trials }
        : { ...identity, state: "not-run", reason: "the run ended before its first trial" };
    }
    const { cell, experiment } = this.planned;
    const target = { deliveryFloorMs: deliveryFloorMs(cell.target) };
    const judged = judge(complete, cell.parameters, target, this.#machine);
    const validity = { ...judged, flags: [...judged.flags, ...this.#remarks] };
    return {
      ...identity,
      state: "measured",
      validity,
      trials: this.#trials,
      ...summarise(complete, {
        flags: validity.flags,
        parameters: cell.parameters,
        listed: experiment.metrics,
        pilot: this.#precision?.pilot,
      }),
      predictions: cell.expectations.map((expectation) => holdAgainst(expectation, complete, whyCannotTell)),
    };
  }
}
