/**
 * One trial of each of some cells: fresh processes of all, alive together, whose windows are taken in turn, so that all
 * cells meet the same moments of a machine that is never the same for long. A cell by itself is a set of one.
 */
import { nowNs } from "../../protocol/clock.ts";
import { describeError, WirebenchError } from "../../protocol/errors.ts";
import { seededRandom, shuffled } from "../../protocol/random.ts";
import type { Trial, Window } from "../../results/contract/results.ts";
import type { Outcome } from "../experiments/contract/experiment.ts";
import type { Rig, RigContext, RigRecord } from "../rigs/rig.ts";
import type { PlannedCell } from "./cell-state.ts";

/** Why a trial did not get to its end, and what that makes of its cell. */
export interface TrialFailure {
  readonly state: "failed" | "not-run";
  readonly reason: string;
  /** It was another cell, on the same rig, whose window it failed in: this one has a right to its next trial. */
  readonly elsewhere: boolean;
}

/** A partial trial keeps what was measured before the reason struck. */
export interface TrialResult {
  readonly trial: Trial;
  readonly failure?: TrialFailure;
}

/** Never rejects. `onWindow` hears of each window, or slice of one, when it is over. Results in the order of the cells. */
export async function runSet<Planned extends PlannedCell>(
  cells: readonly Planned[],
  context: RigContext,
  onWindow: (cell: Planned, window: Window) => void = () => {},
): Promise<TrialResult[]> {
  const members = cells.map((cell) => new Member(cell, context, (window) => onWindow(cell, window)));
  const rigs = [...Map.groupBy(members, ({ rigName }) => rigName).values()];
  await Promise.all(rigs.map((sharing) => open(sharing, context)));
  const random = seededRandom(context.seed, context.trial);
  try {
    for (const member of shuffled(members, random)) await member.settle();
    // Cells that will be compared have neighbouring places, in an order of their own in every turn.
    const experiments = [...Map.groupBy(members, ({ planned }) => planned.experiment).values()];
    while (members.some(({ goesOn }) => goesOn)) {
      for (const own of shuffled(experiments, random)) {
        for (const member of shuffled(own, random)) await member.takeTurn();
      }
    }
    return members.map((member) => member.result);
  } finally {
    await Promise.all(rigs.map(([first]) => first?.rig?.[Symbol.asyncDispose]()));
  }
}

/** What cells have in common when they share a rig; the first opens it. */
async function open(sharing: readonly Member[], context: RigContext): Promise<void> {
  const { experiment, cell } = sharing[0]!.planned;
  try {
    const rig = await experiment.open(cell, context);
    for (const member of sharing) Object.assign(member, { rig, sharing });
  } catch (error) {
    for (const member of sharing) await member.fail(error);
  }
}

const nothing: RigRecord = { events: [], series: [], histograms: {}, flags: [] };

/** One cell's part in a set. */
class Member {
  readonly planned: PlannedCell;
  readonly rigName: unknown;
  rig: Rig | undefined;
  /** Those on the same rig, itself included. */
  sharing: readonly Member[] = [this];
  readonly #trial: number;
  readonly #onWindow: (window: Window) => void;
  readonly #startedAt = new Date().toISOString();
  readonly #startNs = nowNs();
  readonly #windows: Window[] = [];
  #steps: AsyncGenerator<Window, Outcome> | undefined;
  #result: TrialResult | undefined;

  constructor(planned: PlannedCell, { trial }: RigContext, onWindow: (window: Window) => void) {
    const { experiment, cell } = planned;
    this.planned = planned;
    this.rigName = experiment.sharedRig?.(cell) ?? this;
    this.#trial = trial;
    this.#onWindow = onWindow;
  }

  get goesOn(): boolean {
    return this.#result === undefined;
  }

  get result(): TrialResult {
    return this.#result!;
  }

  async settle(): Promise<void> {
    const { experiment, cell } = this.planned;
    if (this.goesOn) await this.#unlessBroken(async () => experiment.settle?.(this.rig!, cell));
  }

  /** One window further, or to the end. */
  async takeTurn(): Promise<void> {
    if (!this.goesOn) return;
    if (this.rig!.failure !== undefined) return await this.#failWithRig();
    await this.#unlessBroken(async () => {
      const { experiment, cell } = this.planned;
      this.#steps ??= experiment.measure(this.rig!, cell);
      const step = await this.#steps.next();
      if (step.done === true) this.#result = { trial: this.#trialOf("complete", step.value, await this.rig!.record()) };
      else {
        this.#windows.push(step.value);
        this.#onWindow(step.value);
        if (this.rig!.failure !== undefined) await this.fail(undefined);
      }
    });
  }

  /** What broke in the turn of another cell broke this trial too, by no doing of its own. */
  async #failWithRig(): Promise<void> {
    const culprit = this.sharing.find((member) => member.#result?.failure?.elsewhere === false);
    await this.fail(undefined, culprit !== undefined);
  }

  async fail(error: unknown, elsewhere = false): Promise<void> {
    await this.rig?.findReason();
    const failure = { ...failureOf(error, this.rig), elsewhere };
    this.#result = { trial: this.#trialOf("partial", { measures: {} }, await recordOf(this.rig)), failure };
  }

  async #unlessBroken(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.fail(error);
    }
  }

  #trialOf(state: Trial["state"], outcome: Outcome, record: RigRecord): Trial {
    return {
      trial: this.#trial,
      state,
      startedAt: this.#startedAt,
      durationMs: (nowNs() - this.#startNs) / 1e6,
      windows: [...(outcome.windows ?? this.#windows)],
      measures: this.#listedMeasures(outcome.measures),
      histograms: { ...record.histograms, ...outcome.histograms },
      events: record.events,
      ...(record.observed && { observed: record.observed }),
      series: [...record.series, ...(outcome.series ?? [])],
      ...(outcome.findings && { findings: outcome.findings }),
      ...(outcome.captures && { captures: outcome.captures }),
      flags: [...record.flags, ...(outcome.flags ?? [])],
    };
  }

  /** What an experiment does not list, no report knows how to show. */
  #listedMeasures(measures: Outcome["measures"]): Record<string, number> {
    return Object.fromEntries(
      this.planned.experiment.metrics.flatMap((name) => {
        const value = measures[name];
        return value === undefined || !Number.isFinite(value) ? [] : [[name, value]];
      }),
    );
  }
}

/** A rig whose processes are dead may no longer tell. */
const recordOf = async (rig: Rig | undefined): Promise<RigRecord> => {
  try {
    return (await rig?.record()) ?? nothing;
  } catch {
    return nothing;
  }
};

/** What is missing on this machine fails nothing: the cell was not run, and the reason says how to get it. */
function failureOf(error: unknown, rig: Rig | undefined): Omit<TrialFailure, "elsewhere"> {
  const reason = rig?.failure ?? describeError(error);
  if (!(error instanceof WirebenchError) || error.code !== "component-missing") return { state: "failed", reason };
  return { state: "not-run", reason: error.hint === undefined ? reason : `${reason}: ${error.hint}` };
}
