import { pollInterval } from "../../protocol/options/poll-interval.ts";
import type { Window } from "../../results/contract/results.ts";
import { pushMeasures } from "../../results/recording/push-measures.ts";
import { ServerRig } from "../rigs/server-rig.ts";
import { protocols } from "../targets/protocols.ts";
import { deliveryFloorMs, embeddedTarget, type Target, withOption } from "../targets/target.ts";
import { delaysNamed, ledgerMetrics } from "./comparison/measured.ts";
import { needsPush } from "./comparison/one-way.ts";
import { type TrafficCell, trafficCells, trafficParameters, trafficSettings } from "./comparison/traffic-cell.ts";
import { trafficTrial } from "./comparison/traffic-trial.ts";
import type { Experiment, Outcome } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";
import { expectedOfPushes } from "./push/expected.ts";

export interface PushCell extends TrafficCell {
  readonly variant: string;
  /** What is started, where it differs from the target by its poll interval. */
  readonly served: Target;
}

/** Per second, to each user. */
const rates = [1, 10, 100] as const;
const pollIntervals = ["50ms", "500ms", "2s"] as const;
/** Few enough that no protocol is kept from its time by its users' number, which is another question. */
const connections = 16;
/** Of all users in a window: three trials carry a p99. */
const valuesMin = 230;
const trialsMax = 3;
/** However many there are, so that no pause of the machine is most of what is seen. */
const windowMsMin = 1000;
/** So many gaps between two values come before a window, so that hardly a user enters it without a value. */
const gapsBefore = 5;
/** A window has so many polls of each user at least. */
const pollsMin = 4;
/** Of the warm-up, all users together, where that is more than what is measured. */
const warmupRatePerSecond = 2000;

/** At each interval; a target that was asked for at another one only at that. */
function servedAs(target: Target): { served: Target; every?: string }[] {
  const { name, default: usual } = pollInterval;
  const own = target.options[name];
  if (own === undefined) return [{ served: target }];
  if (own !== usual) return [{ served: target, every: own }];
  return pollIntervals.map((every) => ({ served: withOption(target, name, every)!, every }));
}

function cells({ traffic, ...request }: RunRequest): PushCell[] {
  const { payloadBytes, link } = traffic;
  return request.targets.flatMap((target) =>
    servedAs(target).flatMap(({ served, every }) =>
      rates.map((ratePerSecond): PushCell => {
        const values = valuesMin / (ratePerSecond * connections);
        const durationMs = Math.max(traffic.durationMs, windowMsMin, values * 1000, pollsMin * deliveryFloorMs(served));
        const rampUpMs = Math.max(traffic.rampUpMs, (gapsBefore * 1000) / ratePerSecond);
        const asked: RunRequest = {
          ...request,
          targets: [served],
          traffic: { ...traffic, connections, workers: 1, turns: 1, rampUpMs, durationMs },
        };
        const load = { kind: "open", ratePerSecond: ratePerSecond * connections, arrivals: "poisson" } as const;
        const [cell] = trafficCells(asked, { behaviour: { name: "traffic" }, load, expectations: [] });
        const { durationMs: windowMs = 0 } = cell!.parameters;
        const pushes = {
          ratePerSecond,
          connections,
          payloadBytes,
          link,
          values: (windowMs / 1000) * load.ratePerSecond,
        };
        return {
          ...cell!,
          target,
          served,
          variant: `${ratePerSecond} per second${every === undefined ? "" : `, polled ${pollInterval.title(every)}`}`,
          expectations: expectedOfPushes(served, pushes),
          trialsMax,
          parameters: {
            ...cell!.parameters,
            settings: { valuesPerSecondAndUser: ratePerSecond, ...(every !== undefined && { pollInterval: every }) },
          },
        };
      }),
    ),
  );
}

async function* measure(rig: ServerRig, cell: PushCell): AsyncGenerator<Window, Outcome> {
  const { load } = trafficParameters(cell);
  const denser =
    load.kind === "open" ? { ...load, ratePerSecond: Math.max(load.ratePerSecond, warmupRatePerSecond) } : load;
  const outcome = yield* trafficTrial(rig, cell, {
    warmup: { name: "warm-up", flows: { downlink: denser } },
    windows: [{ name: "push", flows: { downlink: load } }],
  });
  const window = outcome.windows?.at(-1);
  return { ...outcome, measures: { ...outcome.measures, ...(window && pushMeasures(window, cell.parameters)) } };
}

/** A server that publishes to users who only listen. */
export const push: Experiment<PushCell, ServerRig> = {
  name: "push",
  group: "latency",
  title: "Push",
  question: "A server has a new value now and then: when does a user have it, and how old is what a user has?",
  lesson:
    "On a stream a value takes one transit. A user who polls has it half an interval later on average, whatever the protocol below, and pays for every poll that finds nothing. A held request is as quick as a stream while it waits; a value that falls between two of them takes up to three transits, and the more often something comes, and the further away the user is, the more of them do. What a user sees is the age of what it has, which no transport makes younger than the source: with one value a second it is mostly that second. Nothing is lost on any of them here, because the polling servers keep every value until the user's next request says that it came; an application that only needs the newest could keep one.",
  presets: ["full"],
  follows: trafficSettings.filter((name) => name !== "connections" && name !== "workers" && name !== "turns"),
  metrics: [
    "ageMeanUs",
    "ageOverSourceMeanUs",
    ...delaysNamed("push"),
    "pushMeanUs",
    "pushOverTransitP50Ratio",
    "parkedShare",
    ...delaysNamed("parkedPoll", "betweenPolls"),
    "parkedPollOverTransitP50Ratio",
    "betweenPollsOverTransitP50Ratio",
    "betweenPollsOverTransitP90Ratio",
    "wireBytesPerUpdate",
    "askedBytesPerUpdate",
    "connectionsPerMessage",
    "dispatchP50Us",
    "cpuWaitShareMax",
    ...ledgerMetrics,
  ],
  isolation: "exclusive",
  cells,
  unfit: needsPush("values are published by"),
  open: ({ served, ...cell }, context) => ServerRig.open({ ...cell, target: served }, context),
  measure,
  trafficMs(cell) {
    const { rampUpMs, durationMs } = trafficParameters(cell);
    return rampUpMs + durationMs;
  },
  /** A server that holds every value back. */
  sabotage(request) {
    const stream = protocols.find(({ server }) => server.traits.downlink === "stream")!.server.traits.name;
    const cell = cells({ ...request, targets: [embeddedTarget(stream)] }).at(-1)!;
    return { cell: { ...cell, behaviour: { name: "traffic", pushDelayMs: 50 } }, fails: "pushP50Us" };
  },
};
