import { LatencyHistogram } from "../../load/recording/latency.ts";
import { nowNs } from "../../protocol/clock.ts";
import { closesConnections } from "../../protocol/options/close.ts";
import { speaksHttp2 } from "../../protocol/options/h2.ts";
import type { LinkConditions } from "../../results/contract/link.ts";
import type { Window } from "../../results/contract/results.ts";
import type { Measures } from "../../results/metrics/metrics.ts";
import { delayMeasures } from "../../results/recording/delays.ts";
import { decodeHistogram } from "../../results/statistics/histogram.ts";
import { fitLine, type Point } from "../../results/statistics/line.ts";
import { median } from "../../results/statistics/moments.ts";
import type { RigContext } from "../rigs/rig.ts";
import {
  type ArriveOrder,
  type MultiplexOrder,
  type MultiplexReport,
  multiplex as role,
  type Seating,
  type Sent,
} from "../rigs/roles/multiplex.ts";
import { SystemRig } from "../rigs/system-rig.ts";
import type { UserLink } from "../rigs/user-link.ts";
import { type Target, traitsOf } from "../targets/target.ts";
import { delaysNamed } from "./comparison/measured.ts";
import type { CellPlan, Experiment, Outcome } from "./contract/experiment.ts";
import { checkPayload, type RunRequest } from "./contract/request.ts";
import { expectedOfUsers } from "./multiplex/expected.ts";

export interface MultiplexCell extends CellPlan {
  readonly variant: string;
  readonly seating: Seating;
  readonly durationMs: number;
  readonly stallMs: number;
  /** Who come besides, at a time, for the server's memory. */
  readonly memoryUsers: number;
}

const users = 8;
/** Beside it, what a busy machine adds to a median is small. */
const link: LinkConditions = { rttMs: 20 };
/** As of a segment whose retransmissions are lost, too: 200 ms, then 400 ms later (RFC 6298, Linux's least time-out). */
const stallMs = 600;
const stallAfterMs = 100;
/** Each user; three trials carry a p99 of all of them. */
const ratePerUser = 40;
const undisturbedMsMin = 750;
const trialsMax = 3;
/** Fewer than a server of ours allows on a connection of HTTP/2, each with a stream and a request under way. */
const usersPerConnection = 40;
const memorySteps = 5;
/** From the order to the first message, so that the process of the users has heard of it. */
const leadMs = 50;
const patienceMs = 60_000;
const callWaitMs = 20_000;

const variants = { own: "a connection each", shared: "one connection" } as const;

const isNoUserOfItsOwn = (target: Target): boolean => traitsOf(target).mechanisms !== undefined;

function cells({ targets, traffic }: RunRequest): MultiplexCell[] {
  checkPayload(traffic);
  const { payloadBytes } = traffic;
  const durationMs = Math.max(undisturbedMsMin, traffic.durationMs);
  const load = { kind: "open", ratePerSecond: ratePerUser * users } as const;
  return targets.flatMap((target) =>
    (["own", speaksHttp2(target.options) ? "streams" : "tagged"] as const).map((seating) => ({
      target,
      variant: seating === "own" ? variants.own : variants.shared,
      seating,
      durationMs,
      stallMs,
      memoryUsers: 2 * usersPerConnection,
      trialsMax,
      parameters: {
        connections: seating === "own" ? users : 1,
        payloadBytes,
        client: "library",
        load,
        durationMs,
        link,
        settings: { users, stallMs, told: told[seating] },
      },
      expectations: expectedOfUsers(target, seating, {
        users,
        gapMs: 1000 / load.ratePerSecond,
        rttMs: link.rttMs,
        stallMs,
      }),
    })),
  );
}

/** How users are told apart. */
const told: Record<Seating, string> = {
  own: "by their connections",
  tagged: "by a number in each message",
  streams: "by the protocol's streams",
};

const open = ({ target, parameters: { payloadBytes } }: MultiplexCell, context: RigContext): Promise<SystemRig> =>
  SystemRig.open(
    { target, behaviour: { name: "echo" }, codec: { kind: "text", payloadBytes, seed: context.seed } },
    context,
  );

const delaysOf = (messages: readonly Sent[], of: (message: Sent) => number | undefined): string => {
  const histogram = new LatencyHistogram();
  for (const message of messages) {
    const delayNs = of(message);
    if (delayNs !== undefined) histogram.record(delayNs);
  }
  return histogram.encode();
};

const fromSchedule = ({ dueNs, receivedNs }: Sent): number | undefined =>
  receivedNs === undefined ? undefined : receivedNs - dueNs;

/** Users who sent something during the stall of which nothing was back before it ended. */
export function heldUpUsers(messages: readonly Sent[], stalledNs: number, healedNs: number): number {
  const during = messages.filter(({ sentNs }) => sentNs > stalledNs && sentNs < healedNs);
  const byUser = [...Map.groupBy(during, ({ user }) => user).values()];
  return byUser.filter((own) => own.every(({ receivedNs = Number.POSITIVE_INFINITY }) => receivedNs >= healedNs))
    .length;
}

async function* measure(rig: SystemRig, cell: MultiplexCell): AsyncGenerator<Window, Outcome> {
  const { target, seating } = cell;
  const { protocol, options } = target;
  const { payloadBytes } = cell.parameters;
  const play = (order: MultiplexOrder): Promise<MultiplexReport> => rig.play(role, order, patienceMs);
  const arrive = (urls: readonly string[], inTurn: boolean, on = users): Promise<MultiplexReport> => {
    const order: ArriveOrder = {
      does: "arrive",
      protocol,
      options,
      urls,
      seating,
      usersPerConnection: on,
      inTurn,
      payloadBytes,
    };
    return play(order);
  };
  const { url } = rig.system;
  await arrive(Array(users).fill(url), false);
  await play({ does: "leave" });
  const frail = await rig.linkTo(url, link);
  const sound = seating === "own" ? await rig.linkTo(url, link) : frail;
  const arrived = await arrive([frail.url, ...Array(users - 1).fill(sound.url)], true);
  rig.startClock();
  const undisturbed = yield* talk(rig, cell, "undisturbed", cell.durationMs, async () => {});
  let stalledNs = 0;
  let healedNs = 0;
  const stalled = yield* talk(
    rig,
    cell,
    "one connection stalled",
    stallAfterMs + cell.stallMs + 4 * link.rttMs,
    async () => {
      ({ stalledNs, healedNs } = await stall(rig, frail, cell.stallMs));
    },
  );
  await play({ does: "leave" });
  const all = [...undisturbed.messages, ...stalled.messages];
  const dispatch = delaysOf(all, ({ sentNs, dueNs }) => sentNs - dueNs);
  const delays = { userDelay: undisturbed.histogram, besideStall: stalled.histogram, dispatch };
  const newUserNs = median(arrived.firstEchoNs);
  // Whatever disturbs a user only adds to its time, so the quickest is closest to what distance takes.
  const leastNs = Math.min(...arrived.firstEchoNs);
  return {
    histograms: { dispatch },
    measures: {
      ...measuresOf(delays),
      newUserP50Us: newUserNs / 1000,
      newUserRoundTrips: leastNs / 1e6 / link.rttMs,
      heldUpUsers: heldUpUsers(stalled.messages, stalledNs, healedNs),
      censoredMessages: all.filter(({ receivedNs }) => receivedNs === undefined).length,
      wireBytesPerMessage: undisturbed.wireBytes / undisturbed.messages.length,
      openingWireBytesPerUser: arrived.wireBytes / users,
      ...(await memoryOf(rig, cell.memoryUsers, (count) => arrive(Array(count).fill(url), false, usersPerConnection))),
    },
  };
}

const measuresOf = (histograms: Readonly<Record<"userDelay" | "besideStall" | "dispatch", string>>): Measures =>
  Object.assign(
    {},
    ...(Object.keys(histograms) as (keyof typeof histograms)[]).map((name) =>
      delayMeasures(name, { histogram: decodeHistogram(histograms[name]), neverCame: 0 }),
    ),
  );

/** A window; the histogram is of what its measure is about. */
async function* talk(
  rig: SystemRig,
  { stallMs: longestMs }: MultiplexCell,
  name: string,
  durationMs: number,
  meanwhile: () => Promise<void>,
): AsyncGenerator<Window, MultiplexReport & { readonly histogram: string }> {
  const startNs = nowNs() + leadMs * 1e6;
  const order = {
    startNs,
    durationMs,
    ratePerSecond: ratePerUser * users,
    drainMs: 5000 + longestMs + 10 * link.rttMs,
  };
  const [report] = await Promise.all([rig.play(role, { does: "talk", ...order }, patienceMs), meanwhile()]);
  const isStalled = name !== "undisturbed";
  const histogram = delaysOf(
    report.messages.filter(({ user }) => !isStalled || user > 0),
    fromSchedule,
  );
  yield {
    name,
    startMs: rig.atMs(startNs),
    durationMs,
    measures: { users, sentMessages: report.messages.length, wireBytes: report.wireBytes },
    histograms: { [isStalled ? "besideStall" : "userDelay"]: histogram },
  };
  return { ...report, histogram };
}

async function stall(rig: SystemRig, link: UserLink, forMs: number): Promise<{ stalledNs: number; healedNs: number }> {
  await rig.wait(leadMs + stallAfterMs);
  const stalledNs = await rig.unlessFailed(link.stall());
  rig.mark("fault", "users", "nothing gets through on the way of the first user's connection", stalledNs);
  await rig.wait(forMs);
  const healedNs = await rig.unlessFailed(link.heal());
  rig.mark("action", "users", "the way is whole again", healedNs);
  return { stalledNs, healedNs };
}

/** By what a server of ours needs for more and more of them; of one that ran before nothing can be said. */
async function memoryOf(rig: SystemRig, atOnce: number, add: (count: number) => Promise<unknown>): Promise<Measures> {
  const { server, watch } = rig.system;
  if (server === undefined) return {};
  const points: Point[] = [];
  for (let step = 1; step <= memorySteps; step++) {
    await add(atOnce);
    await server.call("collectGarbage", undefined, callWaitMs);
    const bytes = watch.memoryBytes();
    if (bytes !== undefined) points.push({ x: step * atOnce, y: bytes });
  }
  const slope = fitLine(points)?.slope ?? 0;
  return slope > 0 ? { memoryBytesPerUser: slope } : {};
}

/** Several users on one connection, or each on a connection of its own. */
export const multiplex: Experiment<MultiplexCell, SystemRig> = {
  name: "multiplex",
  group: "latency",
  title: "Several users on one connection",
  question: `What do ${users} users gain who share one connection, and what do they risk, beside as many with a connection each?`,
  lesson:
    "Who shares a connection that is open arrives without its handshakes, and a server keeps less for it. From then on a message takes as long as on a connection of its own: distance does not shrink. What they share is their fate: TCP delivers in order, so one lost segment holds up everybody behind it, and streams of HTTP/2, which are multiplexed above TCP, do not help. On HTTP/1.1 what users send waits for each other's requests besides.",
  presets: ["full"],
  follows: ["payloadBytes", "durationMs"],
  metrics: [
    ...delaysNamed("userDelay", "besideStall"),
    "heldUpUsers",
    "newUserP50Us",
    "newUserRoundTrips",
    "memoryBytesPerUser",
    "wireBytesPerMessage",
    "openingWireBytesPerUser",
    "dispatchP50Us",
    "dispatchP99Us",
    "censoredMessages",
  ],
  isolation: "exclusive",
  cells,
  unfit({ target }) {
    if (isNoUserOfItsOwn(target)) {
      return "its connection is a session of one user, who has logged in: what several share is an application's own protocol on top";
    }
    if (closesConnections(target.options))
      return "it opens a connection for every request, so that there is none to share";
    return undefined;
  },
  open,
  measure,
  trafficMs: ({ durationMs, stallMs: longestMs }) =>
    durationMs + stallAfterMs + longestMs + (4 + users * 4) * link.rttMs,
  /** Users of whom it is said that each has a connection, and who have one together. */
  sabotage(request) {
    const [cell] = cells(request);
    return { cell: { ...cell!, seating: "tagged" }, fails: "heldUpUsers" };
  },
};
