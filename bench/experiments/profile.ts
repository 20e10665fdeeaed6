import type { Load } from "../../load/flows/traffic.ts";
import type { WindowPlan } from "../../load/flows/window.ts";
import { nowNs } from "../../protocol/clock.ts";
import type { LinkConditions } from "../../results/contract/link.ts";
import type { Direction, Profile } from "../../results/contract/profile.ts";
import type { Window } from "../../results/contract/results.ts";
import { delayMeasures, recordedDelay } from "../../results/recording/delays.ts";
import { flowsOf, useOf } from "../../results/recording/flows.ts";
import { trafficMeasures } from "../../results/recording/traffic-measures.ts";
import { shippedProfile } from "../profiles/shipped.ts";
import { ServerRig } from "../rigs/server-rig.ts";
import { deliveryFloorMs } from "../targets/target.ts";
import { watchAtRest } from "./comparison/at-rest.ts";
import { delaysNamed, ledgerMetrics } from "./comparison/measured.ts";
import { denser, needsPush } from "./comparison/one-way.ts";
import { type TrafficCell, trafficCells, trafficParameters } from "./comparison/traffic-cell.ts";
import { type Experiment, exactly, type Outcome } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";
import { sizesInTurn } from "./profile/sizes.ts";
import { type Carried, messageCosts, standingOf, userCosts } from "./profile/user-hour.ts";

export interface ProfileCell extends TrafficCell {
  readonly profile: Profile;
  readonly sizes: Readonly<Record<Direction, readonly number[]>>;
  readonly windows: readonly WindowPlan[];
  readonly idleMs: number;
}

/** Of one direction, over all users: what the load generator and one core carry on any machine. */
const ratePerSecondMax = 1000;
/** More seldom, and a window would see too few. Each user then sends for several. */
const perUserSecondMin = 2;
const usersMin = 4;
/** Of one direction in a window: three trials then carry a p99, however short it is. */
const messagesMin = 200;
/** From the warm-up to rest. */
const restMs = 500;
const restsPerRoundTrip = 4;
const rampUpRoundTrips = 2;
/** Handshakes at a time: nobody times them. */
const atOnce = 8;

const flowNames = { up: "uplink", down: "downlink" } as const;
const directions = ["up", "down"] as const;

function cells(request: RunRequest): ProfileCell[] {
  const { traffic, profile = shippedProfile("chat") } = request;
  const fastest = Math.max(profile.up?.perUserSecond ?? 0, profile.down?.perUserSecond ?? 0);
  const carried = Math.max(usersMin, Math.floor(ratePerSecondMax / fastest));
  const connections = Math.min(profile.users, traffic.connections, carried);
  const loads = Object.fromEntries(
    directions.flatMap((direction) => {
      const flow = profile[direction];
      if (flow === undefined) return [];
      const usual = connections * Math.max(perUserSecondMin, flow.perUserSecond);
      const ratePerSecond = Math.max(usual, messagesMin / (traffic.durationMs / 1000));
      const together = direction === "down" ? Math.min(profile.fanOut, connections) : 1;
      return [[direction, { kind: "open", ratePerSecond, arrivals: "poisson", together } as const]];
    }),
  ) as Partial<Record<Direction, Load & { kind: "open" }>>;
  const windows = Object.entries(loads).map(([direction, load]) => ({
    name: direction,
    flows: { [flowNames[direction as Direction]]: load },
  }));
  const sizes = {
    up: profile.up ? sizesInTurn(profile.up.sizes) : [],
    down: profile.down ? sizesInTurn(profile.down.sizes) : [],
  };
  const payloadBytes = Math.max(...sizes.up, ...sizes.down);
  const shape = {
    behaviour: { name: "traffic" } as const,
    load: { kind: "open", ratePerSecond: Math.max(...Object.values(loads).map((load) => load.ratePerSecond)) } as const,
    windows: 1,
    expectations: [
      {
        statement: "everything the application sends arrives before the drain is over",
        formula: "sent - received - lost = 0",
        metric: "censoredMessages",
        expected: exactly(0),
      },
      {
        statement: "nothing the application sends is lost",
        formula: "no later message without an earlier one: 0",
        metric: "lostMessages",
        expected: exactly(0),
      },
    ],
  } as const;
  const asked = { ...request, traffic: { ...traffic, connections, payloadBytes, workers: 1, turns: 1 } };
  return trafficCells(asked, shape).map((cell) => ({
    ...cell,
    profile,
    sizes,
    windows,
    idleMs: Math.max(traffic.idleMs, 4 * deliveryFloorMs(cell.target)),
    parameters: {
      ...cell.parameters,
      load: { ...shape.load, arrivals: "poisson" },
      profile,
      ...(cell.parameters.link && overLink(cell.parameters.link, cell.parameters.rampUpMs)),
      settings: {
        ...(loads.up && { uplinkRatePerSecond: loads.up.ratePerSecond }),
        ...(loads.down && {
          downlinkRatePerSecond: loads.down.ratePerSecond,
          recipientsAtOnce: loads.down.together ?? 1,
        }),
      },
    },
  }));
}

/** Users of an application do not sit behind one line, which could not carry what a few of them send here for many. */
const apart = (link: LinkConditions): LinkConditions =>
  link.downBitsPerSecond === undefined && link.upBitsPerSecond === undefined
    ? link
    : { ...link, lines: "per-connection" };

/** Until a held request has been answered and asked again, it is parked, which it is not while messages keep coming. */
const overLink = (link: LinkConditions, rampUpMs = 0): { link: LinkConditions; rampUpMs: number } => ({
  link: apart(link),
  rampUpMs: Math.max(rampUpMs, rampUpRoundTrips * link.rttMs),
});

async function* measure(rig: ServerRig, cell: ProfileCell): AsyncGenerator<Window, Outcome> {
  const { parameters, profile, windows: plans, idleMs } = cell;
  const { connections } = parameters;
  const { warmupMs, drainMs, ...times } = trafficParameters(cell);
  const empty = await restOf(rig, idleMs);
  await rig.connect(connections, atOnce);
  if (warmupMs > 0) {
    await rig.warmUp({ name: "warm-up", flows: denserFlows(plans) }, warmupMs, drainMs);
  }
  // The last message has come, but what acknowledges it is on its way.
  await rig.wait(restMs + restsPerRoundTrip * (parameters.link?.rttMs ?? 0));
  const standing = standingOf({ empty, atRest: await restOf(rig, idleMs) }, connections, idleMs);
  const costs: Partial<Record<Direction, ReturnType<typeof messageCosts>>> = {};
  const windows: Window[] = [];
  for (const plan of rig.inDrawnOrder(plans)) {
    const before = await rig.unlessFailed(rig.users.wireBytes());
    const startNs = nowNs();
    const window = await rig.window(plan, { ...times, drainMs });
    if (rig.failure === undefined) {
      // Before other targets take their turn, in which a client that polls goes on.
      const after = await rig.unlessFailed(rig.users.wireBytes());
      const wireBytes = after.sent + after.received - before.sent - before.received;
      const counted = { connections, countedMs: (nowNs() - startNs) / 1e6, wireBytes };
      costs[plan.name as Direction] = messageCosts({ ...counted, ...carriedIn(window, connections) }, standing);
    }
    windows.push(window);
    yield window;
  }
  if (rig.failure !== undefined) throw new Error(rig.failure);
  const { wireBytesPerConnection = 0 } = rig.users;
  const trial = { windows, histograms: {} };
  const { cpuUsPerUserSecond, ...bytes } = userCosts(profile, standing, wireBytesPerConnection, costs);
  return {
    windows: plans.flatMap((plan) => windows.filter(({ name }) => name === plan.name)),
    measures: {
      ...trafficMeasures(trial, parameters),
      ...delayMeasures("uplinkScheduled", recordedDelay(trial, "uplinkScheduled")),
      ...delayMeasures("downlinkScheduled", recordedDelay(trial, "downlinkScheduled")),
      ...bytes,
      ...(cpuUsPerUserSecond !== undefined && { serverCpuUsPerUserSecond: cpuUsPerUserSecond }),
      ...(standing.cpuUs !== undefined && { idleCpuUsPerConnectionSecond: standing.cpuUs }),
      idleWireBytesPerConnectionSecond: standing.wireBytes,
      wireBytesPerConnection,
    },
  };
}

/** Both ways at once, since nobody times it. */
const denserFlows = (plans: readonly WindowPlan[]): WindowPlan["flows"] =>
  Object.fromEntries(plans.flatMap(({ flows }) => Object.entries(flows)).map(([name, load]) => [name, denser(load)]));

async function restOf(rig: ServerRig, idleMs: number): Promise<{ cpuUs: number | undefined; wireBytes: number }> {
  const { cpuUs, sentBytes, receivedBytes } = await watchAtRest(rig, idleMs);
  return { cpuUs, wireBytes: sentBytes + receivedBytes };
}

function carriedIn(window: Window, connections: number): Omit<Carried, "connections" | "countedMs" | "wireBytes"> {
  const flows = flowsOf(window);
  const total = (count: (flow: (typeof flows)[number]) => number): number =>
    flows.reduce((sum, flow) => sum + count(flow), 0);
  return {
    // After its last message each sender closes the sequence of each connection with one more.
    countedMessages: total(({ ledger }) => ledger.receivedMessages) + connections * flows.length,
    durationMs: window.durationMs,
    messages: total((flow) => (flow.achievedRatePerSecond * window.durationMs) / 1000),
    cpuUs: useOf(window).serverCpuUs,
  };
}

/** An application as traffic: what its users feel, and what they cost. */
export const profile: Experiment<ProfileCell, ServerRig> = {
  name: "profile",
  group: "applications",
  title: "Profile",
  question: "Which protocol fits this application?",
  lesson:
    "What an application sends decides: one that sends much pays for each message, one that hardly ever sends pays for being connected. Costs scale linearly here, from few users to many, which a busy server does better: it handles several messages each time it wakes up.",
  presets: [],
  follows: ["connections", "client", "warmupMs", "rampUpMs", "durationMs", "drainMs", "idleMs", "link"],
  metrics: [
    ...delaysNamed("uplinkScheduled", "downlinkScheduled"),
    "wireBytesPerUserHour",
    "standingBytesPerUserHour",
    "serverCpuUsPerUserSecond",
    "idleCpuUsPerConnectionSecond",
    "idleWireBytesPerConnectionSecond",
    "wireBytesPerConnection",
    ...ledgerMetrics,
  ],
  isolation: "in-turn",
  cells,
  unfit: needsPush("one-way delays need"),
  open: ServerRig.open,
  measure,
  trafficMs(cell) {
    const { warmupMs, rampUpMs, durationMs } = trafficParameters(cell);
    return 4 * warmupMs + 2 * cell.idleMs + restMs + cell.windows.length * (rampUpMs + durationMs);
  },
  /** A server that echoes, and so neither counts what arrives nor sends by itself. */
  sabotage(request) {
    const cell = cells(request)[0]!;
    return {
      cell: { ...cell, behaviour: { name: "echo" }, parameters: { ...cell.parameters, warmupMs: 0 } },
      fails: "censoredMessages",
    };
  },
};
