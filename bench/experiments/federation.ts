/** What it costs that two people need not be on one server. */
import type { LinkConditions } from "../../results/contract/link.ts";
import type { Window } from "../../results/contract/results.ts";
import { delayMeasures, recordedDelay } from "../../results/recording/delays.ts";
import { joinSlices } from "../../results/recording/slices.ts";
import { trafficMeasures } from "../../results/recording/traffic-measures.ts";
import { findProgram, howToInstall } from "../../servers/programs/program.ts";
import { programNamed, programs } from "../../servers/programs/programs.ts";
import { type FederationCell, FederationRig } from "../rigs/federation-rig.ts";
import { parseTarget, type Target, traitsOf } from "../targets/target.ts";
import { delaysNamed, ledgerMetrics } from "./comparison/measured.ts";
import { timesOf, trafficParameters } from "./comparison/traffic-cell.ts";
import { roundTripWarmup } from "./comparison/traffic-trial.ts";
import { type CellPlan, type Experiment, exactly, type Outcome } from "./contract/experiment.ts";
import { checkPayload, type RunRequest } from "./contract/request.ts";

interface FederationPlan extends CellPlan, FederationCell {
  readonly unfit?: string | undefined;
}

/** Few users at a modest rate: how long a message takes is the question, not how many there can be. */
const connections = 4;
const ratePerSecond = 200;
/** Of both windows together, so that each has messages enough for a p99 over three trials. */
const durationMsMin = 2400;
/** Between two servers of one continent: far more than all that they compute. */
const apart: LinkConditions = { rttMs: 40 };
const trialsMax = 5;

const expectations: FederationPlan["expectations"] = [
  {
    statement: "nothing is lost between servers",
    formula: "sent - received = 0",
    metric: "lostMessages",
    expected: exactly(0),
  },
  {
    statement: "a message to another server takes longer than one to the user's own",
    formula: "6 socket crossings of a round trip through two servers / 4 through one > 1",
    metric: "federatedP50Ratio",
    expected: { low: 1 },
  },
  {
    statement: "the first message to another server takes longer than later ones",
    formula: "(connect + prove who one is, each way, + round trip) / round trip > 1",
    metric: "firstRoundTripRatio",
    expected: { low: 1 },
  },
];

/** Of servers that are apart. */
const overDistance: FederationPlan["expectations"][number] = {
  statement: "a message and its answer pay the distance between the servers once",
  formula: `round trip >= ${apart.rttMs} ms between the servers`,
  metric: "roundTripP50Us",
  expected: { low: apart.rttMs * 1000 },
};

const ways: readonly Pick<FederationPlan, "tls" | "between">[] = [
  { tls: false },
  { tls: true },
  { tls: true, between: apart },
];

const federating = programs.filter(({ federates }) => federates).map(({ name }) => name);

function whyUnfit({ protocol, options, system }: Target): string | undefined {
  if (system.kind !== "program" || !federating.includes(system.program)) {
    const examples = federating.map((name) => `${protocol}@${name}`).join(" or ");
    return `it takes real servers that talk to each other, such as those of ${examples}`;
  }
  const { variantOf, options: known = [] } = traitsOf({ protocol } as Target);
  if (variantOf !== undefined)
    return `servers talk to each other the same way whatever their clients speak: ${variantOf}@${system.program}`;
  const differs = known.some(({ name, default: value }) => options[name] !== value);
  return differs ? "its clients are not the question: it is measured without options" : undefined;
}

function cellOf(
  { traffic }: RunRequest,
  target: Target,
  link: Pick<FederationPlan, "servers" | "tls" | "unfit" | "between">,
): FederationPlan {
  const { payloadBytes, payloadKind, client } = { ...traffic, client: "library" } as const;
  const durationMs = Math.max(traffic.durationMs, durationMsMin);
  const { servers, tls, between } = link;
  return {
    ...link,
    target,
    variant: `${servers.join(" to ")}, ${tls ? "over TLS" : "in clear"}${between === undefined ? "" : `, ${between.rttMs} ms apart`}`,
    behaviour: { name: "echo" },
    expectations: between === undefined ? expectations : [...expectations, overDistance],
    trialsMax,
    parameters: {
      connections,
      workers: 1,
      client,
      payloadBytes,
      payloadKind,
      load: { kind: "open", ratePerSecond },
      ...timesOf(target, { ...traffic, durationMs }, 2),
      settings: { otherServer: servers[1], encrypted: tls, ...(between && { betweenServersMs: between.rttMs }) },
    },
  };
}

function cells(request: RunRequest): FederationPlan[] {
  checkPayload(request.traffic);
  return request.targets.flatMap((target) => {
    const unfit = whyUnfit(target);
    const own = target.system.kind === "program" ? target.system.program : federating[0]!;
    if (unfit !== undefined) {
      const { variant: _, ...cell } = cellOf(request, target, { servers: [own, own], tls: false, unfit });
      return [{ ...cell, parameters: { ...cell.parameters, settings: {} } }];
    }
    const others = [own, ...federating.filter((name) => name !== own)];
    return others.flatMap((other) =>
      ways.flatMap(({ tls, between }) => {
        const program = programNamed(other);
        const missing =
          findProgram(program) === undefined ? `${other} is not on this machine: ${howToInstall(program)}` : undefined;
        // Once is enough: distance is the same to all programs.
        if (between !== undefined && other !== own) return [];
        return cellOf(request, target, { servers: [own, other], tls, between, unfit: missing });
      }),
    );
  });
}

/** Both windows in turn, each with its own users, on the same two servers. */
async function* measure(rig: FederationRig, cell: FederationPlan): AsyncGenerator<Window, Outcome> {
  const first = await rig.firstRoundTrips();
  const { load, warmupMs, durationMs, slices, ...times } = trafficParameters(cell);
  const ways = [
    { users: rig.near, plan: { name: "same server", flows: { roundTrip: load } } },
    { users: rig.far, plan: { name: "two servers", flows: { roundTrip: load } } },
  ] as const;
  for (const { users } of ways) {
    await users.connectAll();
    if (warmupMs > 0) await users.warmUp(roundTripWarmup, warmupMs, times.drainMs);
  }
  const seen: Window[] = [];
  for (let slice = 0; slice < slices; slice++) {
    for (const { users, plan } of rig.near.inDrawnOrder(ways)) {
      const window = await users.window(plan, { ...times, durationMs: durationMs / slices });
      const failure = users.failure ?? rig.failure;
      if (failure !== undefined) throw new Error(failure);
      seen.push(window);
      yield window;
    }
  }
  const windows = ways.flatMap(({ plan }) => joinSlices(seen.filter(({ name }) => name === plan.name)));
  return { windows, ...outcomeOf(windows, first, cell) };
}

function outcomeOf(
  windows: Window[],
  first: { readonly nearMs: number; readonly farMs: number },
  { parameters }: FederationPlan,
): Pick<Outcome, "measures"> {
  const near = trafficMeasures({ windows: windows.slice(0, 1), histograms: {} }, parameters);
  const trial = { windows, histograms: {} };
  const measures = trafficMeasures(trial, parameters);
  const sameServer = delayMeasures("sameServer", recordedDelay(trial, "sameServer"));
  const [nearUs, farUs] = [sameServer.sameServerP50Us, measures.roundTripP50Us];
  return {
    measures: {
      ...measures,
      ...sameServer,
      ...(near.serverCpuUsPerMessage !== undefined && { sameServerCpuUsPerMessage: near.serverCpuUsPerMessage }),
      ...(nearUs !== undefined && farUs !== undefined && { federatedP50Ratio: farUs / nearUs }),
      ...(farUs !== undefined && { firstRoundTripRatio: (first.farMs * 1000) / farUs }),
      firstRoundTripMs: first.farMs,
      sameServerFirstRoundTripMs: first.nearMs,
    },
  };
}

export const federation: Experiment<FederationPlan, FederationRig> = {
  name: "federation",
  group: "latency",
  title: "Federation",
  question: "What does it cost that two people need not be on the same server?",
  lesson:
    "Servers that anybody may run and that find each other are what a central service cannot offer. The price is paid once, when two servers meet, and then with every message: one more server on its way, and that server's CPU time.",
  presets: ["full"],
  follows: ["payloadBytes", "payloadKind", "warmupMs", "rampUpMs", "durationMs", "turns", "drainMs"],
  metrics: [
    ...delaysNamed("roundTrip", "sameServer", "dispatch"),
    "federatedP50Ratio",
    "firstRoundTripMs",
    "firstRoundTripRatio",
    "sameServerFirstRoundTripMs",
    "serverCpuUsPerMessage",
    "sameServerCpuUsPerMessage",
    ...ledgerMetrics,
  ],
  isolation: "exclusive",
  cells,
  unfit: ({ unfit }) => unfit,
  open: FederationRig.open,
  measure,
  trafficMs(cell) {
    const { rampUpMs, durationMs, slices } = trafficParameters(cell);
    return 2 * (slices * rampUpMs + durationMs);
  },
  /** Who answers leaves out every tenth message. Nothing is timed, so nobody waits for what is lost of a warm-up. */
  sabotage(request) {
    const [own] = federating;
    const [protocol] = Object.keys(programNamed(own!).serves ?? {});
    const target = parseTarget(`${protocol}@${own}`);
    const [cell] = cells({ ...request, targets: [target] });
    const parameters = { ...cell!.parameters, warmupMs: 0 };
    return { cell: { ...cell!, parameters, ignoresEvery: 10 }, fails: "lostMessages" };
  },
};
