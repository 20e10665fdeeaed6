/** One trial of one cell: a rig of fresh processes, its windows, and what became of it. */
import { nowNs } from "../../protocol/clock.ts";
import { describeError, WirebenchError } from "../../protocol/errors.ts";
import type { Trial, Window } from "../../results/contract/results.ts";
import type { CellPlan, Experiment, Outcome } from "../experiments/contract/experiment.ts";
import type { Rig, RigContext, RigRecord } from "../rigs/rig.ts";

/** Why a trial did not get to its end, and what that makes of its cell. */
export interface TrialFailure {
  readonly state: "failed" | "not-run";
  readonly reason: string;
}

/** A partial trial keeps what was measured before the reason struck. */
export interface TrialResult {
  readonly trial: Trial;
  readonly failure?: TrialFailure;
}

/** Never rejects. `onWindow` hears of each window when it is over. */
export async function runTrial(
  experiment: Experiment,
  cell: CellPlan,
  context: RigContext,
  onWindow: (window: Window) => void = () => {},
): Promise<TrialResult> {
  const startedAt = new Date().toISOString();
  const startNs = nowNs();
  const windows: Window[] = [];
  let rig: Rig | undefined;
  const trialOf = (state: Trial["state"], outcome: Outcome, record: RigRecord): Trial => ({
    trial: context.trial,
    state,
    startedAt,
    durationMs: (nowNs() - startNs) / 1e6,
    windows: [...(outcome.windows ?? windows)],
    measures: listedMeasures(experiment, outcome.measures),
    histograms: { ...record.histograms, ...outcome.histograms },
    events: record.events,
    series: [...record.series, ...(outcome.series ?? [])],
    ...(record.observed && { observed: record.observed }),
    flags: [...record.flags, ...(outcome.flags ?? [])],
  });
  try {
    rig = await experiment.open(cell, context);
    const steps = experiment.measure(rig, cell);
    for (;;) {
      const step = await steps.next();
      if (step.done === true) return { trial: trialOf("complete", step.value, await rig.record()) };
      windows.push(step.value);
      onWindow(step.value);
    }
  } catch (error) {
    const record = await recordOf(rig);
    return { trial: trialOf("partial", { measures: {} }, record), failure: failureOf(error, rig) };
  } finally {
    await rig?.[Symbol.asyncDispose]();
  }
}

/** What an experiment does not list, no report knows how to show. */
const listedMeasures = ({ metrics }: Experiment, measures: Outcome["measures"]): Record<string, number> =>
  Object.fromEntries(
    metrics.flatMap((name) => {
      const value = measures[name];
      return value === undefined || !Number.isFinite(value) ? [] : [[name, value]];
    }),
  );

const nothing: RigRecord = { events: [], series: [], histograms: {}, flags: [] };

/** A rig whose processes are dead may no longer tell. */
const recordOf = async (rig: Rig | undefined): Promise<RigRecord> => {
  try {
    return (await rig?.record()) ?? nothing;
  } catch {
    return nothing;
  }
};

/** What is missing on this machine fails nothing: the cell was not run, and the reason says how to get it. */
function failureOf(error: unknown, rig: Rig | undefined): TrialFailure {
  const reason = rig?.failure ?? describeError(error);
  if (!(error instanceof WirebenchError) || error.code !== "component-missing") return { state: "failed", reason };
  return { state: "not-run", reason: error.hint === undefined ? reason : `${reason}: ${error.hint}` };
}
