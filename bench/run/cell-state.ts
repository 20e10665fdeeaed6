/** What is known of a cell so far, and the cell of the results that follows from it: recomputed only when it changed. */
import { cellKey, completeTrials } from "../../results/contract/cells.ts";
import type { Cell, CellIdentity, Flag, MeasuredCell, Trial, Validity } from "../../results/contract/results.ts";
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
  #trials: Trial[] = [];
  readonly #remarks: Flag[] = [];
  /** Trials of the pilot, and how many they ask for in all. */
  #precision: { readonly pilot: number; readonly trials: number } | undefined;
  #stop: Stop | undefined;
  #cutShort = "interrupted";
  #result: Cell | undefined;

  /** `earlier`: what a run that this one continues measured of it; its complete trials are kept. */
  constructor(planned: PlannedCell, machine: MachineLoad, earlier?: MeasuredCell) {
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
    if (earlier !== undefined) this.#keep(earlier);
  }

  /** What was remarked before the first trial is known by its flags, which no trial gives. */
  #keep(earlier: MeasuredCell): void {
    this.#trials.push(...completeTrials(earlier));
    const given = new Set(this.#judge(this.#trials).flags.map(({ code }) => code));
    this.#remarks.push(...earlier.validity.flags.filter(({ code }) => !given.has(code)));
  }

  /** As progress and messages call it. */
  get name(): string {
    return cellKey(this.#identity);
  }

  get stopped(): boolean {
    return this.#stop !== undefined;
  }

  /** Complete trials, by their numbers. */
  get numbers(): number[] {
    return this.#complete.map(({ trial }) => trial);
  }

  /** Only these trials: the others will be measured again. */
  retain(numbers: ReadonlySet<number>): void {
    this.#trials = this.#trials.filter(({ trial }) => numbers.has(trial));
    this.#result = undefined;
  }

  /** Whether it takes part in a trial: of so many each, and further ones until its headline intervals are that narrow. */
  wants(trial: number, trials: number, share: number): boolean {
    if (this.stopped || this.#has(trial)) return false;
    return trial <= this.#own(trials) || (trial > trials && !this.isPrecise(share));
  }

  /** How many of those that are planned for it are still to come, from this one on. */
  trialsLeft(trial: number, trials: number): number {
    const planned = Array.from({ length: Math.max(0, this.#own(trials) - trial + 1) }, (_, index) => trial + index);
    return planned.filter((number) => !this.#has(number)).length;
  }

  #has(number: number): boolean {
    return this.#trials.some(({ trial, state }) => trial === number && state === "complete");
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

  #judge(trials: readonly Trial[]): Validity {
    const { target, parameters } = this.planned.cell;
    return judge([...trials], parameters, { deliveryFloorMs: deliveryFloorMs(target) }, this.#machine);
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
    const judged = this.#judge(complete);
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
