/**
 * The contract between an experiment and what runs it. Comparing protocols and breaking a cluster are the same activity:
 * cells, measured on a rig, trial by trial. An experiment is one file and one line in the registry.
 */

import type {
  Expectation,
  ExperimentInfo,
  Parameters,
  Recording,
  ServerInfo,
  Window,
} from "../../../results/contract/results.ts";
import type { Measures, MetricName } from "../../../results/metrics/metrics.ts";
import type { Rig, RigContext } from "../../rigs/rig.ts";
import type { Target } from "../../targets/target.ts";
import type { PresetName, RunRequest, SettingName } from "./request.ts";

/** One combination of target, variant and parameters, measured once per trial. */
export interface CellPlan {
  readonly target: Target;
  /** What sets it apart from other cells of the experiment on the same target; unique among them. */
  readonly variant?: string;
  readonly parameters: Parameters;
  /** Longest message, where payloads go in pieces; absent: the payload. */
  readonly messageBytes?: number;
  /** Of a cell whose trials take long and agree well: no more of them, unless a precision is asked for. */
  readonly trialsMax?: number;
  /** How real programs on the way are set up, with words in capitals for what differs from start to start. */
  readonly onTheWay?: readonly ServerInfo[];
  /** Fixed before anything runs. */
  readonly expectations: readonly (Expectation & { readonly metric: MetricName })[];
}

/** What a trial yields at its end. */
export interface Outcome extends Partial<Pick<Recording, "histograms" | "series" | "findings" | "captures" | "flags">> {
  readonly measures: Measures;
  /** In report order, where that is not the order in which they ran. */
  readonly windows?: readonly Window[];
}

/** A cell broken on purpose, its expectations untouched: the check of the check. */
export interface SabotagedCell<Cell extends CellPlan> {
  readonly cell: Cell;
  /** Metric of the expectation that this must fail: measured, and not for want of a number. */
  readonly fails: MetricName;
}

export interface Experiment<Cell extends CellPlan = CellPlan, On extends Rig = Rig> extends ExperimentInfo {
  /** Other words a command takes for its name, which are free among that command's experiments; results have only the name. */
  readonly aliases?: readonly string[];
  /** Presets that run it unasked; named on the command line it runs with any. Absent: all. */
  readonly presets?: readonly PresetName[];
  /** Programs of others that it works with, whatever its targets are, by the names of their records. Absent: none. */
  readonly needs?: readonly string[];
  /** Settings of the request it follows; an option that no chosen experiment follows is a mistake of the caller. */
  readonly follows: readonly SettingName[];
  /** Everything its trials measure; what is not listed is not kept. */
  readonly metrics: readonly MetricName[];
  /**
   * What a trial asks of the machine. `exclusive`: all of it. `in-turn`: all of it during each window, so that the windows
   * of several cells can be taken in turn while the processes of all are alive. `shared`: whatever others leave.
   */
  readonly isolation: "exclusive" | "in-turn" | "shared";
  /** Every usage error is raised here, before anything starts. */
  cells(request: RunRequest): readonly Cell[];
  /** Why a cell is not measured, as a sentence. */
  unfit?(cell: Cell): string | undefined;
  /** Fresh processes, up. Several may be opened side by side. */
  open(cell: Cell, context: RigContext): Promise<On>;
  /** Cells with the same, in whatever experiment, can share a rig; absent means that each needs its own. */
  sharedRig?(cell: Cell): string;
  /** Makes the rig ready for windows, users connected and code warm, with the machine to itself. `measure` does if nobody did. */
  settle?(rig: On, cell: Cell): Promise<void>;
  /**
   * One trial. Yields after each window, or slice of one, so that those of several cells can be taken in turn. What was
   * yielded before a failure is kept.
   */
  measure(rig: On, cell: Cell): AsyncGenerator<Window, Outcome>;
  /** How long the windows of one trial take if nothing is slow, in milliseconds: for the time that is left. */
  trafficMs(cell: Cell): number;
  /** A test runs it and demands that the expectation named fails. */
  sabotage(request: RunRequest): SabotagedCell<Cell>;
}

export const exactly = (value: number): Expectation["expected"] => ({ low: value, high: value });
