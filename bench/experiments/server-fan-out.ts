import type { Load } from "../../load/flows/traffic.ts";
import type { GeneratorWindow } from "../../load/users/users.ts";
import type { Window } from "../../results/contract/results.ts";
import { delayMeasures, recordedDelay } from "../../results/recording/delays.ts";
import { decodeHistogram } from "../../results/statistics/histogram.ts";
import { drawnSeed } from "../rigs/generator-pool.ts";
import { ServerRig } from "../rigs/server-rig.ts";
import { traitsOf } from "../targets/target.ts";
import { type ExchangeCell, embeddedWithout, exchangeCell } from "./comparison/exchange-cell.ts";
import { fanOutMeasures, fanOutMetrics } from "./comparison/fan-out-trial.ts";
import { delaysNamed } from "./comparison/measured.ts";
import { whyNoPush } from "./comparison/one-way.ts";
import { trafficParameters, trafficSettings } from "./comparison/traffic-cell.ts";
import { type CellPlan, type Experiment, exactly, type Outcome } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";

export interface FanOutCell extends ExchangeCell {
  readonly subscribers: number;
}

const subscriberCounts = [10, 500] as const;
/** Where windows are long: many take their time to connect, and every count takes its own. */
const moreCounts = [10, 100, 500, 2000] as const;
const longWindowMs = 5000;
/** The same, however many subscribe: what each protocol's server and one process of users carry. */
const deliveriesPerSecond = 4000;
/** After so many in a row somebody else has a turn; fewer subscribers are over before. */
const yieldsEvery = 100;
/** Messages in a window, so that a median is one. */
const publicationsMin = 12;
/** So that enough echoes of the bystander fall into it for a p99. */
const windowMsMin = 1500;
const trialsMax = 3;
/** Handshakes at a time: nobody times them. */
const atOnce = 16;
/** Often enough to meet a loop of some milliseconds, and little beside what the server does anyway. */
const bystanderLoad: Load = { kind: "open", ratePerSecond: 500, arrivals: "poisson" };
/** Of the bystander, so that its code is compiled. */
const rehearsalMs = 150;
/** Of a window, in which the bystander is alone. */
const aloneShare = 0.4;
/** A warm-up is of at least three slices, and goes on until it has seen enough: short ones, so that it is over soon. */
const warmupShare = 1 / 3;

function expectedOf(target: RunRequest["targets"][number], yields: boolean) {
  const { leavesAfterTurn } = traitsOf(target);
  const expectations: CellPlan["expectations"][number][] = [
    {
      statement: "every message reaches every subscriber",
      formula: "published × subscribers - deliveries = 0",
      metric: "missingDeliveries",
      expected: exactly(0),
    },
    {
      statement: "no subscriber hears a message twice",
      formula: "arrivals beyond the first = 0",
      metric: "duplicatedDeliveries",
      expected: exactly(0),
    },
    {
      statement: "every subscriber hears them in the order in which they were published, also from a loop that yields",
      formula: "arrivals after a later message = 0",
      metric: "reorderedDeliveries",
      expected: exactly(0),
    },
  ];
  if (yields) return expectations;
  expectations.push({
    statement: "while a plain loop runs, the server serves nobody else",
    formula: "one thread, and a turn of its event loop runs to its end: messages of others handled within = 0",
    metric: "servedWithinLoopMessages",
    expected: exactly(0),
  });
  if (leavesAfterTurn?.(target.options) === true) {
    expectations.push({
      statement: "nobody hears a message before the plain loop has written all copies",
      formula: "what is sent leaves when the turn is over: heard before the last write / published = 0",
      metric: "heardWithinLoopFraction",
      expected: exactly(0),
    });
  }
  return expectations;
}

function cells(request: RunRequest): FanOutCell[] {
  const { targets, traffic } = request;
  const counts = traffic.durationMs >= longWindowMs ? moreCounts : subscriberCounts;
  return targets.flatMap((target) =>
    counts.flatMap((subscribers) =>
      (subscribers > yieldsEvery ? [false, true] : [false]).map((yields): FanOutCell => {
        const ratePerSecond = deliveriesPerSecond / subscribers;
        const durationMs = Math.max(traffic.durationMs, windowMsMin, (publicationsMin * 1000) / ratePerSecond);
        const connections = subscribers + 1;
        const asked = { ...request, traffic: { ...traffic, connections, workers: 1, durationMs, turns: 1 } };
        const cell = exchangeCell(target, asked, {
          exchange: "fan-out",
          variant: `${subscribers} subscribers, ${yields ? `yielding every ${yieldsEvery}` : "plain loop"}`,
          application: { name: "broadcast", toOthers: true, ...(yields && { yieldsEvery }) },
          load: { kind: "open", ratePerSecond, arrivals: traffic.arrivals },
          expectations: expectedOf(target, yields),
        });
        const settings = { subscribers, ...(yields && { yieldsEvery }) };
        return { ...cell, subscribers, trialsMax, parameters: { ...cell.parameters, settings } };
      }),
    ),
  );
}

/** Of somebody's echoes; what never came is infinitely late. */
function echoesOf<const Delay extends string>(delay: Delay, { flows }: GeneratorWindow) {
  const { service, timedMessages } = flows.roundTrip!;
  const histogram = decodeHistogram(service!);
  const neverCame = Math.max(0, timedMessages - histogram.totalCount);
  return {
    measures: delayMeasures(delay, { histogram, neverCame }),
    // A percentile of what came alone would be too good.
    histograms: neverCame === 0 ? { [delay]: service! } : {},
  };
}

async function* measure(rig: ServerRig, cell: FanOutCell): AsyncGenerator<Window, Outcome> {
  const { load, warmupMs, ...times } = trafficParameters(cell);
  const { durationMs, drainMs } = times;
  await rig.connect(1);
  await rig.connect(cell.subscribers, atOnce);
  const bystander = await rig.userAside("bystander");
  const echo = (ms: number, index: number): Promise<GeneratorWindow> =>
    rig.unlessFailed(bystander.echo(bystanderLoad, ms, drainMs, drawnSeed(cell.subscribers, index)));
  const flows = { fanOut: load };
  if (warmupMs > 0) await rig.warmUp({ name: "warm-up", flows }, warmupMs * warmupShare, drainMs);
  await echo(rehearsalMs, 1);
  const alone = await echo(durationMs * aloneShare, 2);
  const [window, beside] = await Promise.all([
    rig.window({ name: cell.variant, flows }, times),
    echo(durationMs, 3).catch((): undefined => {}),
  ]);
  yield window;
  if (rig.failure !== undefined || beside === undefined) throw new Error(rig.failure ?? "the bystander saw nothing");
  const trial = { windows: [window], histograms: {} };
  const { publications, heardWithinLoop = Number.NaN, othersServed = Number.NaN } = window.measures;
  const echoes = [echoesOf("bystander", beside), echoesOf("bystanderAlone", alone)] as const;
  const { loopP50Us } = delayMeasures("loop", recordedDelay(trial, "loop"));
  const { loopStretchP50Us } = delayMeasures("loopStretch", recordedDelay(trial, "loopStretch"));
  return {
    measures: {
      ...fanOutMeasures(window, cell.subscribers),
      ...(loopP50Us !== undefined && { loopP50Us }),
      ...(loopStretchP50Us !== undefined && { loopStretchP50Us }),
      ...(publications !== undefined && { heardWithinLoopFraction: heardWithinLoop / publications }),
      ...(publications !== undefined && { servedWithinLoopMessages: othersServed }),
      ...echoes[0].measures,
      ...echoes[1].measures,
    },
    histograms: { ...echoes[0].histograms, ...echoes[1].histograms },
  };
}

/** One server that writes to many. */
export const serverFanOut: Experiment<FanOutCell, ServerRig> = {
  name: "server-fan-out",
  aliases: ["fan-out"],
  group: "broadcast",
  title: "Fan-out of one server",
  question:
    "One server writes a message to many subscribers: when do the first, the median and the last have it, and what does somebody else on that server wait meanwhile? A plain loop over all of them against one that yields to the event loop every 100.",
  lesson:
    "A fan-out is a loop, and the last subscriber waits for all before it. While a plain loop runs, and while what it put off to the end of its turn is written, nobody else is served: what it costs everybody is the length of that, which grows with the subscribers. One that yields every so many serves others in between; its own last subscriber has the message a little later. Whether the first subscriber waits for the loop too is the wire's: what writes at once reaches it while the loop still runs, but a streamed HTTP response of Node holds what is written until the turn is over, and so does whatever collects messages for one answer. There a loop that yields brings the first subscribers their message sooner as well.",
  presets: ["full"],
  follows: [
    ...trafficSettings.filter((name) => name !== "connections" && name !== "workers" && name !== "turns"),
    "arrivals",
  ],
  metrics: [
    ...fanOutMetrics,
    "loopP50Us",
    "loopStretchP50Us",
    "heardWithinLoopFraction",
    "servedWithinLoopMessages",
    ...delaysNamed("bystander", "bystanderAlone"),
  ],
  isolation: "exclusive",
  cells,
  unfit({ target }) {
    if (target.system.kind !== "embedded") {
      return "the loop that is changed is that of the server this project brings: how long others take to reach everybody is what scenario room measures";
    }
    return traitsOf(target).downlink === "polled"
      ? "nothing is written to subscribers who come for their messages by a clock of their own: how long that takes is what scenario push measures"
      : whyNoPush(target);
  },
  open: ServerRig.open,
  measure,
  trafficMs(cell) {
    const { rampUpMs, durationMs } = trafficParameters(cell);
    return rehearsalMs + rampUpMs + (1 + aloneShare) * durationMs;
  },
  /** A loop that forgets one. */
  sabotage(request) {
    const [cell] = cells({ ...request, targets: [embeddedWithout("room")] });
    const behaviour = { name: "broadcast", toOthers: true, forgetsLast: true } as const;
    // A warm-up waits long for what is lost.
    const parameters = { ...cell!.parameters, warmupMs: 0 };
    return { cell: { ...cell!, behaviour, parameters }, fails: "missingDeliveries" };
  },
};
