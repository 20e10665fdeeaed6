import { describeError } from "../../protocol/errors.ts";
import type { Flag, Window } from "../../results/contract/results.ts";
import { delayUs } from "../../results/recording/delays.ts";
import { flowNamed } from "../../results/recording/flows.ts";
import { generatorLimitCodes, judge } from "../../results/validity/validity.ts";
import { Rig, type RigContext } from "../rigs/rig.ts";
import { ServerRig } from "../rigs/server-rig.ts";
import { deliveryFloorMs } from "../targets/target.ts";
import { type CapacityProbe, defaultSearchLimits, type SearchLimits, searchCapacity } from "./capacity/search.ts";
import { openLoad, type TrafficCell, trafficCells, trafficSettings } from "./comparison/traffic-cell.ts";
import { roundTripWarmup, trafficTrial } from "./comparison/traffic-trial.ts";
import type { Experiment, Outcome } from "./contract/experiment.ts";
import type { Objective, RunRequest } from "./contract/request.ts";
import { echo } from "./echo.ts";

export interface CapacityCell extends TrafficCell {
  readonly objective: Objective;
  readonly limits: SearchLimits;
}

/** A percentile rests on at least so many messages beyond it. */
const tailMessages = 10;

/** What a knee search runs on: nothing of its own, for each probe has a rig of fresh processes. */
class ProbeRig extends Rig {
  readonly context: RigContext;

  constructor(context: RigContext) {
    super(context);
    this.context = context;
  }
}

function cells(request: RunRequest): CapacityCell[] {
  const { objective } = request.traffic;
  return trafficCells(
    { ...request, traffic: { ...request.traffic, turns: 1 } },
    {
      behaviour: { name: "echo" },
      load: openLoad(request.traffic),
      expectations: [
        {
          statement: "the target holds the objective at some rate",
          formula: "the lowest rate offered is 1/s",
          metric: "capacityRatePerSecond",
          expected: { low: 1 },
        },
      ],
    },
  ).map((cell) => ({
    ...cell,
    objective,
    limits: defaultSearchLimits,
    parameters: {
      ...cell.parameters,
      settings: { objectivePercentile: objective.percentile, objectiveDelayUsMax: objective.delayUsMax },
    },
  }));
}

/** The same cell at another rate, long enough for the objective's percentile. */
function atRate(cell: CapacityCell, ratePerSecond: number): CapacityCell {
  const messages = tailMessages / (1 - cell.objective.percentile / 100);
  const durationMs = Math.max(cell.parameters.durationMs ?? 0, (messages / ratePerSecond) * 1000);
  const load = { ...cell.parameters.load, kind: "open", ratePerSecond } as const;
  return { ...cell, parameters: { ...cell.parameters, durationMs, load } };
}

/** Never rejects: a target that breaks under load has missed the objective there. */
async function probeOnce(cell: CapacityCell, context: RigContext): Promise<{ window?: Window; failure?: string }> {
  let window: Window | undefined;
  try {
    await using rig = await ServerRig.open(cell, context);
    for await (const seen of trafficTrial(rig, cell, shapeOf(cell))) window = seen;
    return window === undefined ? {} : { window };
  } catch (error) {
    return { ...(window !== undefined && { window }), failure: describeError(error) };
  }
}

const shapeOf = ({ parameters: { load } }: CapacityCell) => ({
  warmup: roundTripWarmup,
  windows: [{ name: "probe", flows: { roundTrip: load! } }],
});

function judgeProbe(cell: CapacityCell, ratePerSecond: number, window?: Window, failure?: string): CapacityProbe {
  const { percentile, delayUsMax } = cell.objective;
  const flow = window && flowNamed(window, "roundTrip");
  const base = { ratePerSecond, achievedRatePerSecond: flow?.arrivalRatePerSecond ?? 0 };
  if (window === undefined || failure !== undefined) {
    return { ...base, outcome: "missed", reason: failure ?? "nothing was measured" };
  }
  const delay = delayUs(flow?.histograms.scheduled, percentile);
  const target = { deliveryFloorMs: deliveryFloorMs(cell.target) };
  const { flags } = judge(
    [{ trial: 1, windows: [window], histograms: {}, measures: {}, flags: [] }],
    cell.parameters,
    target,
  );
  const measured = { ...base, ...(delay !== undefined && { delayUs: delay }) };
  const fatal = flags.find(({ severity }) => severity === "fatal");
  const generatorBound = flags.some(({ code }) => generatorLimitCodes.has(code));
  if (generatorBound) return { ...measured, outcome: "generator-bound", ...(fatal && { reason: fatal.message }) };
  if (fatal !== undefined) return { ...measured, outcome: "missed", reason: fatal.message };
  if (delay === undefined) return { ...measured, outcome: "missed", reason: "too few messages for the percentile" };
  return { ...measured, outcome: delay <= delayUsMax ? "held" : "missed" };
}

/**
 * Doubles and bisects the offered rate, each probe in fresh processes. A miss counts only when it was seen twice, a hold
 * only when the search confirms it: one stall of the machine decides nothing.
 */
async function* measure(rig: ProbeRig, cell: CapacityCell): AsyncGenerator<Window, Outcome> {
  const search = searchCapacity(cell.limits);
  const tried = new Map<number, number>();
  let drawn = 0;
  let step = search.next();
  while (step.done !== true) {
    const ratePerSecond = step.value;
    const at = atRate(cell, ratePerSecond);
    let judged: CapacityProbe | undefined;
    for (let attempt = 1; attempt <= 2 && judged?.outcome !== "held"; attempt++) {
      // A draw of its own, so that unlucky arrivals are not met twice.
      const context = { ...rig.context, trial: rig.context.trial + drawn++ };
      const { window, failure } = await probeOnce(at, context);
      if (rig.failure !== undefined) return interrupted(tried);
      judged = judgeProbe(at, ratePerSecond, window, failure);
      const held = tried.get(ratePerSecond) ?? 0;
      yield probeWindow(judged, window, held > 0, rig);
      if (judged.outcome === "held") tried.set(ratePerSecond, held + 1);
    }
    step = search.next(judged);
  }
  const { ratePerSecond, atLeast } = step.value;
  const limit = "the load generator, the highest rate or the number of probes was the limit";
  return { measures: { capacityRatePerSecond: ratePerSecond }, flags: atLeast ? [lowerBound(limit)] : [] };
}

/** What held until then, held; that nothing had yet says nothing. */
const interrupted = (held: ReadonlyMap<number, number>): Outcome => ({
  measures: held.size === 0 ? {} : { capacityRatePerSecond: Math.max(...held.keys()) },
  flags: [lowerBound("the search was interrupted")],
});

const lowerBound = (why: string): Flag => ({
  code: "capacity-bound",
  severity: "warning",
  cause: "wirebench",
  message: `the target could carry more: ${why}`,
});

/** A probe as a report reads it: what was offered, what came of it. */
const probeWindow = (
  { ratePerSecond, achievedRatePerSecond, delayUs: delay, outcome }: CapacityProbe,
  window: Window | undefined,
  confirms: boolean,
  rig: ProbeRig,
): Window => ({
  name: `${ratePerSecond}/s`,
  startMs: window?.startMs ?? rig.atMs(rig.startNs),
  durationMs: window?.durationMs ?? 1,
  measures: {
    offeredRatePerSecond: ratePerSecond,
    achievedRatePerSecond,
    ...(delay !== undefined && { delayUs: delay }),
    held: Number(outcome === "held"),
    generatorBound: Number(outcome === "generator-bound"),
    confirms: Number(confirms),
  },
  histograms: {},
});

/** The highest offered rate at which a target still meets an objective (`run --find-capacity`). */
export const capacity: Experiment<CapacityCell, ProbeRig> = {
  name: "capacity",
  group: "throughput",
  title: "Capacity",
  question: "What is the highest offered rate at which the objective still holds?",
  follows: [...trafficSettings, "arrivals", "objective"],
  metrics: ["capacityRatePerSecond"],
  isolation: "exclusive",
  cells,
  open: async (_cell, context) => new ProbeRig(context),
  measure,
  trafficMs: (cell) => 12 * echo.trafficMs(cell),
  /** A server that answers later than the objective allows. */
  sabotage(request) {
    const cell = cells(request)[0]!;
    const delayNs = cell.objective.delayUsMax * 1000 * 2;
    return {
      cell: {
        ...cell,
        behaviour: { name: "known-answer", script: { probe: { kind: "constant", delayNs } } },
        limits: { ...cell.limits, probesMax: 1 },
      },
      fails: "capacityRatePerSecond",
    };
  },
};
