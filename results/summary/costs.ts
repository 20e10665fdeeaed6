/**
 * What every program of a cluster spends: CPU per second = idle + wake-ups × per wake-up + messages × per message
 * (+ deliveries × per delivery), from the windows of all cells of the experiment `cost` together. What is the same code
 * is one number: a delivery to a user costs a node the same whatever the broker, and the load balancer sees no broker.
 */
import { completeTrials, usable } from "../contract/cells.ts";
import type { BrokerInfo, Cell, MeasuredCell } from "../contract/results.ts";
import { costExperiment } from "../metrics/cost-metrics.ts";
import { type CostProgram, type CostWindow, costWindowsOf } from "../recording/cost-windows.ts";
import { dot, fitNonNegative, inflated } from "../statistics/non-negative-fit.ts";
import { fitWakeUps, type WakeUpLaw, type WakeUps, wakeUpsOf } from "../statistics/wake-ups.ts";

/** What a program may be given, per second. */
export const arrivalKinds = {
  /** Its users' messages, the broker's, and what it sends to its users. */
  node: ["publication", "brokerDelivery", "delivery"],
  proxy: ["publication", "delivery"],
  /** Messages, and copies of them handed to nodes. */
  broker: ["publication", "brokerDelivery"],
} as const;
export type CostedProgram = keyof typeof arrivalKinds;

/** In microseconds of CPU time; `per` and the law's `perArrival` in the order of `arrivalKinds`. */
export interface Costs {
  readonly idleUsPerSecond: number;
  readonly usPerWakeUp: number;
  readonly usPer: readonly number[];
  readonly law: WakeUpLaw;
}

export interface ProgramCosts {
  readonly program: CostedProgram;
  /** Cores it can keep busy. */
  readonly cores: number;
  readonly costs: Costs;
  /** What else they might have come out as. */
  readonly draws: readonly Costs[];
  /** The same, each off by as much as one of the windows was off what the costs say of its load: for what is still to be seen. */
  readonly predictive: readonly Costs[];
  /** Most cores it was seen to use. */
  readonly measuredCores: number;
}

/** The largest that was measured, per second where it is a rate. */
export interface CostRange {
  readonly publications: number;
  readonly brokerDeliveries: number;
  readonly nodeDeliveries: number;
  readonly nodes: number;
}

export interface BrokerCosts {
  readonly broker: string;
  readonly protocol: string;
  readonly payloadBytes: number;
  readonly cell: MeasuredCell;
  readonly trials: number;
  readonly programs: Readonly<Record<CostedProgram, ProgramCosts>>;
  readonly range: CostRange;
}

export interface ClusterCosts {
  readonly brokers: readonly BrokerCosts[];
  /** Cells that say nothing, with the reason. */
  readonly refused: readonly { readonly broker: string; readonly why: string }[];
}

/** Beyond what grows with the load: timers, health checks, the kernel's own work. One hundredth of a core. */
export const scatterFloorUsPerSecond = 10_000;
const resamples = 200;

/** In results from before brokers said how many cores they can keep busy: of those there were, the ones with a single thread. */
const singleThreadedBefore = ["redis", "redis-streams", "redis-streams+everysec", "redis-streams+always", "valkey"];

/** Cores that a broker can keep busy on a machine that has so many. */
export function brokerCores(broker: string, cores: number, described: readonly BrokerInfo[] | undefined): number {
  const coresMax = described?.find(({ name }) => name === broker)?.coresMax;
  if (coresMax === undefined) return singleThreadedBefore.includes(broker) ? 1 : cores;
  return Math.min(cores, coresMax ?? cores);
}

/** `cores`: of the machine it was measured on. `described`: what the results say of brokers. */
export function clusterCosts(
  cells: readonly Cell[],
  cores: number,
  described: readonly BrokerInfo[] | undefined,
): ClusterCosts {
  const own = cells.filter(({ scenario }) => scenario === costExperiment);
  const refused: { broker: string; why: string }[] = [];
  const sources = own.flatMap((cell): Source[] => {
    const broker = cell.parameters.broker ?? "none";
    const why = unusableBecause(cell);
    if (why === undefined) return [sourceOf(broker, usable(cell)!)];
    refused.push({ broker, why });
    return [];
  });
  const nodes = nodeCosts(sources);
  const proxy = proxyCosts(sources, cores);
  const brokers = sources.flatMap((source): BrokerCosts[] => {
    const { broker, cell } = source;
    const [node, own] = [nodes.get(source), brokerCosts(source, brokerCores(broker, cores, described))];
    if (node === undefined || proxy === undefined || own === undefined) {
      refused.push({ broker, why: "it has too few windows in which CPU time could be read" });
      return [];
    }
    const { protocol, parameters } = cell;
    const programs = { node, proxy, broker: own };
    const trials = completeTrials(cell).length;
    const { payloadBytes } = parameters;
    return [{ broker, protocol, payloadBytes, cell, trials, programs, range: rangeOf(source.windows) }];
  });
  return { brokers, refused };
}

function unusableBecause(cell: Cell): string | undefined {
  if (cell.state !== "measured") return `it ${cell.state === "failed" ? "failed" : "was not measured"}: ${cell.reason}`;
  const fatal = cell.validity.flags.find(({ severity }) => severity === "fatal");
  if (cell.validity.verdict === "invalid") return `it is invalid: ${fatal?.message ?? "see its flags"}`;
  const failed = cell.predictions.find(({ verdict }) => verdict === "failed");
  return failed && `its prediction failed that ${failed.statement}`;
}

interface Source {
  readonly broker: string;
  readonly cell: MeasuredCell;
  readonly windows: readonly CostWindow[];
}

const sourceOf = (broker: string, cell: MeasuredCell): Source => ({
  broker,
  cell,
  windows: completeTrials(cell).flatMap(costWindowsOf),
});

/** One program in one window. Wake-ups are those beyond rest, whose price is in the idle cost. */
interface Observation {
  readonly usPerSecond: number;
  readonly wakeUpsPerSecond: number;
  /** Over the time that was metered, as the two above. */
  readonly rates: readonly number[];
  /** While there was traffic that came by the clock, with the cores it used then; absent where there was none. */
  readonly paced?: WakeUps & { readonly cores: number; readonly waiting: number };
}

/** What each window says of a program, or of each of the `count` alike. */
function observe(
  windows: readonly CostWindow[],
  program: CostProgram,
  amounts: (window: CostWindow) => readonly number[],
  cores: number,
): Observation[] {
  const rest = windows.filter(({ publications }) => publications === 0).flatMap((window) => atRest(window, program));
  const restWakeUpsPerMs = rest.length === 0 ? 0 : rest.reduce((sum, one) => sum + one, 0) / rest.length;
  return windows.flatMap((window): Observation[] => {
    const own = window.work[program];
    const count = countOf(window, program);
    if (own === undefined || count === 0) return [];
    const { meteredMs, trafficMs, inFlightMessages, publications } = window;
    const wakeUps = Math.max(0, own.wakeUps / count - restWakeUpsPerMs * meteredMs);
    const used = own.cpuUs / count / 1000 / trafficMs;
    const waiting = own.waitedUs / 1000 / trafficMs;
    const per = (ms: number) => amounts(window).map((amount) => (amount * 1000) / ms);
    return [
      {
        usPerSecond: (own.cpuUs / count / meteredMs) * 1000,
        wakeUpsPerSecond: (wakeUps / meteredMs) * 1000,
        rates: per(meteredMs),
        ...(inFlightMessages === 0 &&
          publications > 0 && {
            paced: {
              rates: per(trafficMs),
              wakeUps: (wakeUps / trafficMs) * 1000,
              awake: used / cores + waiting,
              cores: used,
              waiting,
            },
          }),
      },
    ];
  });
}

const countOf = ({ listeningNodes }: CostWindow, program: CostProgram): number =>
  program === "listeners" ? listeningNodes : 1;

function atRest(window: CostWindow, program: CostProgram): number[] {
  const [own, count] = [window.work[program], countOf(window, program)];
  return own === undefined || count === 0 ? [] : [own.wakeUps / count / window.meteredMs];
}

/** Users' node and listening nodes are the same program: one fit for both, and for all brokers at once. */
function nodeCosts(sources: readonly Source[]): Map<Source, ProgramCosts> {
  const observations = sources.map(({ windows }) => [
    ...observe(windows, "node", (of) => [of.publications, of.publications, of.deliveries], 1),
    ...observe(windows, "listeners", (of) => [0, of.publications, 0], 1),
  ]);
  const deliveryColumn = sources.length * 4;
  const columnsOf = (source: number): number[] => [0, 1, 2, 3].map((own) => source * 4 + own).concat(deliveryColumn);
  const rows = observations.flatMap((own, source) =>
    own.map(({ usPerSecond: y, wakeUpsPerSecond, rates }) => {
      const xs = Array<number>(deliveryColumn + 1).fill(0);
      const values = [1, wakeUpsPerSecond, ...rates];
      for (const [index, column] of columnsOf(source).entries()) xs[column] = values[index]!;
      return { xs, y };
    }),
  );
  const fit = fitNonNegative(rows, { floor: scatterFloorUsPerSecond, resamples });
  const found = new Map<Source, ProgramCosts>();
  if (fit === undefined) return found;
  for (const [index, source] of sources.entries()) {
    const pick = (all: readonly number[]) => columnsOf(index).map((column) => all[column]!);
    // Deliveries come from inside: nothing wakes a node up for them.
    const woken = (rates: readonly number[]) => rates.slice(0, 2);
    const costs = programCosts("node", 1, observations[index]!, {
      coefficients: pick(fit.coefficients),
      draws: fit.draws.map(pick),
      woken,
    });
    if (costs !== undefined) found.set(source, costs);
  }
  return found;
}

function proxyCosts(sources: readonly Source[], cores: number): ProgramCosts | undefined {
  const observations = sources.flatMap(({ windows }) =>
    observe(windows, "proxy", (of) => [of.publications, of.deliveries], cores),
  );
  return fitted("proxy", cores, observations);
}

function brokerCosts({ windows }: Source, cores: number): ProgramCosts | undefined {
  const observations = observe(
    windows,
    "broker",
    (of) => [of.publications, of.publications * (1 + of.listeningNodes)],
    cores,
  );
  return fitted("broker", cores, observations);
}

function fitted(program: CostedProgram, cores: number, own: readonly Observation[]): ProgramCosts | undefined {
  const rows = own.map(({ usPerSecond: y, wakeUpsPerSecond, rates }) => ({ xs: [1, wakeUpsPerSecond, ...rates], y }));
  const fit = fitNonNegative(rows, { floor: scatterFloorUsPerSecond, resamples });
  return fit && programCosts(program, cores, own, { ...fit, woken: (rates) => rates });
}

function programCosts(
  program: CostedProgram,
  cores: number,
  observations: readonly Observation[],
  fit: {
    readonly coefficients: readonly number[];
    readonly draws: readonly (readonly number[])[];
    /** The arrivals that wake it up. */
    readonly woken: (rates: readonly number[]) => readonly number[];
  },
): ProgramCosts | undefined {
  const paced = observations.flatMap((one) => (one.paced === undefined ? [] : [{ ...one, paced: one.paced }]));
  const laws = fitWakeUps(
    paced.map((one) => ({ ...one.paced, rates: fit.woken(one.paced.rates) })),
    resamples,
  );
  if (laws === undefined) return undefined;
  const costsOf = ([idleUsPerSecond = 0, usPerWakeUp = 0, ...usPer]: readonly number[], law: WakeUpLaw): Costs => ({
    idleUsPerSecond,
    usPerWakeUp,
    usPer,
    law: { ...law, perArrival: usPer.map((_, index) => law.perArrival[index] ?? 0) },
  });
  const costs = costsOf(fit.coefficients, laws.law);
  const residuals = inflated(
    paced.map(({ paced: { rates, cores: used, waiting } }) => {
      const said = usPerSecond(costs, rates, cores, waiting);
      return (used * 1e6 - said) / (said + scatterFloorUsPerSecond);
    }),
    fit.woken(costs.usPer).length + 1,
  );
  const draws = fit.draws.map((draw, index) => costsOf(draw, laws.draws[index]!));
  return {
    program,
    cores,
    costs,
    draws,
    predictive: draws.map((draw, index) => scattered(draw, residuals[index % residuals.length]!)),
    measuredCores: Math.max(...observations.map((one) => one.usPerSecond)) / 1e6,
  };
}

/** Of all windows none was cheaper than a tenth. */
const cheapest = -0.9;

function scattered(costs: Costs, residual: number): Costs {
  const factor = 1 + Math.max(cheapest, residual);
  return {
    idleUsPerSecond: Math.max(0, costs.idleUsPerSecond * factor + scatterFloorUsPerSecond * residual),
    usPerWakeUp: costs.usPerWakeUp * factor,
    usPer: costs.usPer.map((us) => us * factor),
    law: costs.law,
  };
}

/**
 * CPU time per second at these rates, of a program that waits for a processor for a share `waiting` of the time: 0 where it has
 * one of its own. The busier a program is, the fewer wake-ups it needs, and the fewer it needs, the less busy it is. With
 * `own` what it spends without any, and `all` the price of the wake-ups it would need if it were always asleep, as
 * shares of its cores, both agree where it is busy for own + all × (1 − waiting − busy).
 */
export function usPerSecond(costs: Costs, rates: readonly number[], cores: number, waiting = 0): number {
  const own = (costs.idleUsPerSecond + dot(costs.usPer, rates)) / 1e6 / cores;
  const all = (costs.usPerWakeUp * wakeUpsOf(costs.law, rates, 0)) / 1e6 / cores;
  return (own + (all * Math.max(0, 1 - waiting - own)) / (1 + all)) * cores * 1e6;
}

function rangeOf(windows: readonly CostWindow[]): CostRange {
  const most = (of: (window: CostWindow) => number): number => Math.max(...windows.map(of));
  return {
    publications: most((of) => (of.publications * 1000) / of.trafficMs),
    brokerDeliveries: most((of) => (of.publications * (1 + of.listeningNodes) * 1000) / of.trafficMs),
    nodeDeliveries: most((of) => (of.deliveries * 1000) / of.trafficMs),
    nodes: most((of) => 1 + of.listeningNodes),
  };
}
