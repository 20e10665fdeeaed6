/** The contract between an experiment and what runs it. An experiment is one file of arms and predictions. */

import type { ExperimentInfo } from "../../../results/contract/cluster-results.ts";
import type { ClusterSettings, Setup } from "../../rigs/cluster/cluster-setup.ts";
import type { Stage } from "../../rigs/cluster/stage.ts";
import type { BalancedAs } from "../../targets/balanced-protocols.ts";

export interface Expectation {
  /** Id of a taught statement. */
  readonly claim?: string;
  readonly statement: string;
  readonly formula: string;
  readonly metric: string;
  readonly expected: { readonly low: number; readonly high: number };
}

/** What an arm measured, by metric name; see reports/cluster/metrics.ts. */
export type Measures = Record<string, number>;

export interface Arm {
  /** Unique within the experiment. */
  readonly name: string;
  readonly setup: Setup;
  readonly ratePerSecond?: number;
  /** What else this arm changes, for the report. */
  readonly settings?: Record<string, string | number | boolean>;
  /** Fixed before anything runs. */
  readonly expectations: readonly Expectation[];
  /** Runs on a cluster that is up, with all users connected. Events and series are kept by the stage. */
  readonly run: (stage: Stage) => Promise<Measures>;
}

export interface BrokenArm extends Arm {
  /** Metric of the expectation that this must fail. */
  readonly fails: string;
}

export interface Experiment extends ExperimentInfo {
  readonly arms: (settings: ClusterSettings) => readonly Arm[];
  /** What its predictions hold for; with another protocol its arms are not run. Absent: for all. */
  readonly predicts?: readonly BalancedAs[];
  /**
   * The check of the check: an arm of this experiment with its expectations untouched and its set-up broken on purpose.
   * A test runs it and demands that the expectation named fails, measured, and not for want of a number.
   */
  readonly broken: (settings: ClusterSettings) => BrokenArm;
}

export const exactly = (value: number): { low: number; high: number } => ({ low: value, high: value });
