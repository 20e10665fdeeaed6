import { LatencyHistogram } from "../../load/recording/latency.ts";
import { nowNs } from "../../protocol/clock.ts";
import { closesConnections } from "../../protocol/options/close.ts";
import { speaksHttp2 } from "../../protocol/options/h2.ts";
import type { LinkConditions } from "../../results/contract/link.ts";
import type { Window } from "../../results/contract/results.ts";
import type { Measures } from "../../results/metrics/metrics.ts";
import { delayMeasures, type RecordedDelay } from "../../results/recording/delays.ts";
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
  type TalkOrder,
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
const disturbAfterMs = 100;
const drainMs = 5000;
/** Each user: so seldom that no request has to wait for the one before it, which takes a round trip of the link. */
const ratePerUser = 20;
/** Three trials carry a p99 of all users. */
const undisturbedMsMin = 1450;
const trialsMax = 3;
/**
 * Who come besides, at a time, for the server's memory, and share a connection where users do: fewer than a server of ours
 * allows on one of HTTP/2, each with a stream and a request under way; and of those who poll fewer than keep it busy.
 */
const memoryUsers = { waiting: 40, polling: 20 } as const;
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
      memoryUsers: traitsOf(target).downlink === "polled" ? memoryUsers.polling : memoryUsers.waiting,
      trialsMax,
      parameters: {
        connections: users,
        payloadBytes,
        client: "library",
        load,
        durationMs,
        link,
        settings: { usersPerConnection: seating === "own" ? 1 : users, usersToldApart: toldApart[seating], stallMs },
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
const toldApart: Record<Seating, string> = {
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

/** Users who sent something meanwhile of which nothing was back before it was over. */
export function heldUpUsers(
  messages: readonly Sent[],
  { fromNs, toNs }: { readonly fromNs: number; readonly toNs: number },
): number {
  const during = messages.filter(({ sentNs }) => sentNs > fromNs && sentNs < toNs);
  const byUser = [...Map.groupBy(during, ({ user }) => user).values()];
  return byUser.filter((own) => own.every(({ receivedNs = Number.POSITIVE_INFINITY }) => receivedNs >= toNs)).length;
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
  const undisturbed = yield* talk(rig, "userDelay", { durationMs: cell.durationMs });
  const disturbed = { durationMs: disturbAfterMs + cell.stallMs + 4 * link.rttMs, drainMs: drainMs + cell.stallMs };
  let stall = { fromNs: 0, toNs: 0 };
  const stalled = yield* talk(rig, "besideStall", disturbed, async () => {
    stall = await stallFor(rig, frail, cell.stallMs);
  });
  const pause = { afterMs: disturbAfterMs, forMs: cell.stallMs };
  const unread = yield* talk(rig, "besidePause", { ...disturbed, pause });
  await play({ does: "leave" });
  const all = [undisturbed, stalled, unread].flatMap(({ messages }) => messages);
  const dispatch = delaysOf(all, ({ sentNs, dueNs }) => sentNs - dueNs);
  const newUserNs = median(arrived.firstEchoNs);
  // Whatever disturbs a user only adds to its time, so the quickest is closest to what distance takes.
  const leastNs = Math.min(...arrived.firstEchoNs);
  return {
    histograms: { dispatch },
    measures: {
      ...delayMeasures("userDelay", undisturbed.delay),
      ...delayMeasures("besideStall", stalled.delay),
      ...delayMeasures("besidePause", unread.delay),
      ...delayMeasures("dispatch", recorded(dispatch, all.length)),
      newUserP50Us: newUserNs / 1000,
      newUserRoundTrips: leastNs / 1e6 / link.rttMs,
      heldUpUsers: heldUpUsers(stalled.messages, stall),
      heldUpByPauseUsers: heldUpUsers(unread.messages, unread.pause!),
      censoredMessages: all.filter(({ receivedNs }) => receivedNs === undefined).length,
      wireBytesPerMessage: undisturbed.wireBytes / undisturbed.messages.length,
      openingWireBytesPerUser: arrived.wireBytes / users,
      ...(await memoryOf(rig, cell.memoryUsers, (count) => arrive(Array(count).fill(url), false, count))),
    },
  };
}

/** Of so many messages; those that are not in it never came. */
function recorded(encoded: string, count: number): RecordedDelay {
  const histogram = decodeHistogram(encoded);
  return { histogram, neverCame: count - histogram.totalCount };
}

/** Windows, by the delay that each is about. */
const windows = {
  userDelay: "undisturbed",
  besideStall: "one connection stalled",
  besidePause: "one user does not read",
} as const;

/** A window; where the first user has trouble of its own, the histogram is of the others. */
async function* talk(
  rig: SystemRig,
  delay: keyof typeof windows,
  order: Pick<TalkOrder, "durationMs" | "pause"> & Partial<TalkOrder>,
  meanwhile: () => Promise<void> = async () => {},
): AsyncGenerator<Window, MultiplexReport & { readonly delay: RecordedDelay }> {
  const startNs = nowNs() + leadMs * 1e6;
  const said = { does: "talk", ratePerSecond: ratePerUser * users, drainMs, ...order, startNs } as const;
  const [report] = await Promise.all([rig.play(role, said, patienceMs), meanwhile()]);
  const { messages, pause, wireBytes } = report;
  const own = messages.filter(({ user }) => delay === "userDelay" || user > 0);
  const histogram = delaysOf(own, fromSchedule);
  const all = recorded(histogram, own.length);
  if (pause !== undefined) {
    rig.mark("action", "users", "the first user stops reading", pause.fromNs);
    rig.mark("action", "users", "the first user reads again", pause.toNs);
  }
  yield {
    name: windows[delay],
    startMs: rig.atMs(startNs),
    durationMs: order.durationMs,
    measures: { users, sentMessages: messages.length, wireBytes },
    // A percentile of what came alone would be too good.
    histograms: all.neverCame === 0 ? { [delay]: histogram } : {},
  };
  return { ...report, delay: all };
}

/** Resolves with when nothing got through. */
async function stallFor(rig: SystemRig, way: UserLink, ms: number): Promise<{ fromNs: number; toNs: number }> {
  await rig.wait(leadMs + disturbAfterMs);
  const fromNs = await rig.unlessFailed(way.stall());
  rig.mark("fault", "users", "nothing gets through on the way of the first user", fromNs);
  await rig.wait(ms);
  const toNs = await rig.unlessFailed(way.heal());
  rig.mark("action", "users", "the way is whole again", toNs);
  return { fromNs, toNs };
}

/** By what a server of ours needs for more and more of them, noise that has it shrink included; of one that ran before nothing can be said. */
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
  const line = fitLine(points);
  return line === undefined ? {} : { memoryBytesPerUser: line.slope };
}

/** Several users on one connection, or each on a connection of its own. */
export const multiplex: Experiment<MultiplexCell, SystemRig> = {
  name: "multiplex",
  group: "latency",
  title: "Several users on one connection",
  question: `What do ${users} users gain who share one connection, and what do they risk, beside as many with a connection each?`,
  lesson:
    "Who shares a connection that is open arrives without its handshakes. From then on a message takes as long as on a connection of its own: distance does not shrink. What they share is their fate: TCP delivers in order, so one lost segment holds up everybody behind it, and streams of HTTP/2, which are multiplexed above TCP, do not help. Where one user does not read they do: each stream has a window of its own, while an application that numbers messages stops reading for all or keeps what comes. On HTTP/1.1 what users send waits for each other's requests besides.",
  presets: ["full"],
  follows: ["payloadBytes", "durationMs"],
  metrics: [
    ...delaysNamed("userDelay", "besideStall", "besidePause"),
    "heldUpUsers",
    "heldUpByPauseUsers",
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
    durationMs + 2 * (disturbAfterMs + longestMs) + (4 + users * 4) * link.rttMs,
  /** Users of whom it is said that each has a connection, and who have one together. */
  sabotage(request) {
    const [cell] = cells(request);
    return { cell: { ...cell!, seating: "tagged" }, fails: "heldUpUsers" };
  },
};
