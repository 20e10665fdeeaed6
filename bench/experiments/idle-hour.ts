import { nowNs } from "../../protocol/clock.ts";
import { closesConnections } from "../../protocol/options/close.ts";
import { heartbeat, heartbeatMs } from "../../protocol/options/heartbeat.ts";
import { pollInterval } from "../../protocol/options/poll-interval.ts";
import { tlsMode } from "../../protocol/options/tls.ts";
import type { Flag, Window } from "../../results/contract/results.ts";
import type { Measures } from "../../results/metrics/metrics.ts";
import type { RigContext } from "../rigs/rig.ts";
import { type HeartbeatsOrder, type HeartbeatsReport, heartbeats as heartbeatsRole } from "../rigs/roles/heartbeats.ts";
import { type IdleUsersOrder, type IdleUsersReport, idleUsers } from "../rigs/roles/idle-users.ts";
import type { RunningSystem } from "../rigs/system.ts";
import { SystemRig } from "../rigs/system-rig.ts";
import { type Target, traitsOf, withOption } from "../targets/target.ts";
import { isPlainlySpoken } from "./comparison/opening-steps.ts";
import { type CellPlan, type Experiment, exactly, type Outcome } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";

interface IdleHourCell extends CellPlan {
  /** Of the heartbeat in practice; absent: there is none. */
  readonly usual?: string;
}

/** What stands for the usual interval in a trial, and twice that, which must cost the same a heartbeat. */
const everyMs = 200;
/** Counted at the interval, and at twice that; the number reported is the middle. */
const [heartbeats, heartbeatsAtTwice] = [5, 3];
/** What a server does for one alone could not be told from what it does anyway. */
const users = 60;
const crowdMs = 1000;
/** Who connects at whichever moment between two heartbeats. */
const halfOpenUsers = 4;
/** From the silence on, in heartbeats: twice as long as it may take to be noticed. */
const watchedIntervals = 4;
/** From the answer before the silence to the next heartbeat, and from that to the one at which its answer is missed. */
const noticedAfterIntervals = 2;
/** Timers of a busy machine are late; what is not noticed at all is far from that. */
const lateIntervals = 0.5;
const trialsMax = 5;
const patienceMs = 60_000;
const hourMs = 3_600_000;
/** RFC 791 section 3.1 and RFC 9293 section 3.1, both without options. */
const headersPerPacketBytes = 20 + 20;
const codec = { kind: "text", payloadBytes: 64, seed: 0 } as const;
const sides = ["server", "client"] as const;

const optionOf = (target: Target) => traitsOf(target).options?.find(({ name }) => name === heartbeatName);
const heartbeatName = heartbeat({ usual: "", does: "" }).name;

/** The same target with such an interval, or without a heartbeat. Polls are one where there are polls. */
function beating(target: Target, intervalMs: number | undefined): Target {
  if (intervalMs === undefined) {
    const { [heartbeatName]: _, ...options } = target.options;
    return { ...target, options };
  }
  const every = `${intervalMs}ms`;
  const paced = withOption(target, pollInterval.name, every) ?? target;
  return withOption(paced, heartbeatName, every)!;
}

function costExpectations(target: Target): CellPlan["expectations"] {
  const { noticedBy, bytes } = traitsOf(target).heartbeat!;
  const bare = beating(target, undefined);
  const isPlain = isPlainlySpoken(bare) && tlsMode(bare.options) === undefined;
  // A signature in a handshake is a byte longer or shorter.
  const isExact = !(closesConnections(bare.options) && tlsMode(bare.options) !== undefined);
  const isAnswered = noticedBy.includes("server");
  return [
    {
      statement: "a heartbeat costs the same however long the interval, so that an hour is as many as it has intervals",
      formula: "bytes at 2 x interval / bytes at interval = 1",
      metric: "heartbeatBytesRatio",
      expected: isExact ? exactly(1) : { low: 0.98, high: 1.02 },
    },
    ...(isPlain && bytes !== undefined
      ? [
          {
            statement: "a heartbeat has as many bytes as the specification says",
            formula: `${bytes} B, both ways`,
            metric: "heartbeatBytes" as const,
            expected: exactly(bytes),
          },
        ]
      : []),
    ...(isPlain
      ? [
          {
            statement: isAnswered
              ? "a heartbeat, its answer, and an acknowledgement"
              : "a heartbeat and an acknowledgement",
            formula: isAnswered ? "1 + 1 + 1 packets; the answer acknowledges, too" : "1 + 1 packets",
            metric: "heartbeatPackets" as const,
            expected: exactly(isAnswered ? 3 : 2),
          },
        ]
      : []),
  ];
}

function halfOpenExpectations(target: Target, isBeating: boolean): CellPlan["expectations"] {
  const noticedBy = isBeating ? traitsOf(target).heartbeat!.noticedBy : [];
  return sides.flatMap((side): CellPlan["expectations"] => {
    if (!noticedBy.includes(side)) {
      return [
        {
          statement: isBeating
            ? `the ${side} expects nothing, and does not notice that the way is gone`
            : `without a heartbeat the ${side} does not notice that the way is gone: TCP does not tell who sends nothing`,
          formula: `unaware after ${watchedIntervals} intervals = 100 %`,
          metric: `${side}NeverNoticedShare` as const,
          expected: exactly(1),
        },
      ];
    }
    const most = noticedAfterIntervals + lateIntervals;
    return [
      {
        statement: `the ${side} notices of every user that the way is gone`,
        formula: `unaware after ${watchedIntervals} intervals = 0 %`,
        metric: `${side}NeverNoticedShare` as const,
        expected: exactly(0),
      },
      {
        statement: `the ${side} notices within two intervals that the way is gone`,
        formula: `1 until the next heartbeat + 1 until it is missed, and ${lateIntervals} for late timers: ${most} or less`,
        metric: `${side}NoticesAfterIntervals` as const,
        expected: { high: most },
      },
    ];
  });
}

const parametersWith = (settings: CellPlan["parameters"]["settings"]): CellPlan["parameters"] => ({
  connections: halfOpenUsers,
  payloadBytes: codec.payloadBytes,
  client: "library",
  settings: { ...settings, halfOpenUsers, watchedMs: watchedIntervals * everyMs },
});

function withHeartbeat(target: Target): IdleHourCell[] {
  const option = optionOf(target);
  if (option === undefined) return [];
  const usual = target.options[heartbeatName] ?? option.parse("");
  return [
    {
      target,
      usual,
      trialsMax,
      parameters: parametersWith({
        usualInterval: usual,
        usualIntervalFrom: heartbeatName in target.options ? "the command line" : traitsOf(target).heartbeat!.practice,
        scaledIntervalsMs: `${everyMs}, ${2 * everyMs}`,
        heartbeatsCounted: `${heartbeats}, ${heartbeatsAtTwice}`,
        usersForCpu: users,
      }),
      expectations: [...costExpectations(target), ...halfOpenExpectations(target, true)],
    },
  ];
}

/** Requests that are held or repeated cannot be left out: without them it is another protocol. */
const withoutHeartbeat = (target: Target): IdleHourCell[] =>
  traitsOf(target).downlink === "stream" && !(heartbeatName in target.options)
    ? [
        {
          target,
          variant: "no heartbeat",
          trialsMax,
          parameters: parametersWith({}),
          expectations: halfOpenExpectations(target, false),
        },
      ]
    : [];

const cells = ({ targets }: RunRequest): IdleHourCell[] =>
  targets.flatMap((target) => [...withHeartbeat(target), ...withoutHeartbeat(target)]);

const systemOf = (target: Target, intervalMs: number | undefined) =>
  ({ target: beating(target, intervalMs), behaviour: { name: "ends" }, codec }) as const;

const open = ({ target, usual }: IdleHourCell, context: RigContext): Promise<SystemRig> =>
  SystemRig.open(systemOf(target, usual === undefined ? undefined : everyMs), context);

const play = (rig: SystemRig, order: IdleUsersOrder): Promise<IdleUsersReport> =>
  rig.play(idleUsers, order, patienceMs);

/** What is heard of one silent user of a system with such an interval. */
const count = (
  rig: SystemRig,
  system: RunningSystem,
  target: Target,
  { intervalMs, heartbeats }: { readonly intervalMs: number; readonly heartbeats: number },
): Promise<HeartbeatsReport> =>
  rig.play(
    heartbeatsRole,
    {
      url: system.url,
      certificate: system.certificate,
      protocol: target.protocol,
      options: beating(target, intervalMs).options,
      everyMs: intervalMs,
      heartbeats,
    } satisfies HeartbeatsOrder,
    patienceMs,
  );

/** CPU time of the server for one heartbeat, with many silent users; undefined where it cannot be seen. */
async function cpuPerHeartbeatUs(
  rig: SystemRig,
  { url, certificate, watch }: RunningSystem,
  target: Target,
  intervalMs: number,
): Promise<number | undefined> {
  const { protocol, options } = beating(target, intervalMs);
  await play(rig, { step: "connect", url, certificate, protocol, options, users, overMs: intervalMs });
  const startNs = nowNs();
  const meter = watch.meter({ startNs, endNs: startNs + crowdMs * 1e6 });
  await rig.unlessFailed(meter.ended);
  const use = await watch.read(meter);
  const { endsNs } = await play(rig, { step: "tell" });
  await play(rig, { step: "leave" });
  if (endsNs.length > 0) rig.flag(givenUpFlag(endsNs.length, intervalMs));
  return use && endsNs.length === 0 ? use.cpuUs / (users * (crowdMs / intervalMs)) : undefined;
}

const givenUpFlag = (lost: number, intervalMs: number): Flag => ({
  code: "given-up",
  severity: "warning",
  cause: "machine",
  message: `${lost} of ${users} silent users were given up although their way was whole: a process waited for a core for longer than ${intervalMs} ms, and the server's CPU time is left out`,
});

async function costs(rig: SystemRig, target: Target, usualMs: number): Promise<Measures> {
  const slower = await rig.another(systemOf(target, 2 * everyMs));
  const atTwice = count(rig, slower, target, { intervalMs: 2 * everyMs, heartbeats: heartbeatsAtTwice });
  atTwice.catch(() => {});
  const { upBytes, downBytes, packets } = await count(rig, rig.system, target, { intervalMs: everyMs, heartbeats });
  const cpuUs = await cpuPerHeartbeatUs(rig, slower, target, 2 * everyMs);
  const twice = await atTwice;
  const perHour = hourMs / usualMs;
  const bytes = upBytes + downBytes;
  return {
    heartbeatBytes: bytes,
    heartbeatPackets: packets,
    heartbeatBytesRatio: (twice.upBytes + twice.downBytes) / bytes,
    idleWireBytesPerUserHour: bytes * perHour,
    idleIpBytesPerUserHour: (bytes + packets * headersPerPacketBytes) * perHour,
    idlePacketsPerUserHour: packets * perHour,
    idleWakeUpsPerUserHour: perHour,
    ...(cpuUs !== undefined && { idleServerCpuMsPerUserHour: (cpuUs / 1000) * perHour }),
  };
}

/** The way goes silent, both ends of it stay open: when does who notice? */
async function halfOpen(rig: SystemRig, target: Target, usualMs: number | undefined): Promise<Measures> {
  const link = await rig.linkTo(rig.system.url, { rttMs: 0 });
  const { protocol, options } = beating(target, usualMs === undefined ? undefined : everyMs);
  const { certificate } = rig.system;
  const { url } = link;
  await play(rig, { step: "connect", url, certificate, protocol, options, users: halfOpenUsers, overMs: everyMs });
  await rig.wait(everyMs);
  const silentNs = await rig.unlessFailed(link.stall());
  rig.mark("fault", "link", "silent, with every connection open", silentNs);
  await rig.wait(watchedIntervals * everyMs);
  const ends = {
    server: await rig.unlessFailed(rig.system.server!.call("endsNs", undefined, patienceMs)),
    client: (await play(rig, { step: "tell" })).endsNs,
  };
  const here = halfOpenUsers - ends.client.filter((ns) => ns < silentNs).length;
  if (here === 0) throw new Error("every user was given up before its way went silent");
  return Object.assign(
    {},
    ...sides.map((side): Measures => {
      const afterMs = ends[side].filter((ns) => ns >= silentNs).map((ns) => (ns - silentNs) / 1e6);
      if (afterMs.length > 0)
        rig.mark("observation", side, "noticed by the last", silentNs + Math.max(...afterMs) * 1e6);
      const intervals = Math.max(...afterMs) / everyMs;
      return {
        [`${side}NeverNoticedShare`]: 1 - afterMs.length / here,
        ...(afterMs.length > 0 &&
          usualMs !== undefined && {
            [`${side}NoticesAfterIntervals`]: intervals,
            [`${side}NoticesAfterMs`]: intervals * usualMs,
          }),
      };
    }),
  );
}

async function* measure(rig: SystemRig, { target, usual }: IdleHourCell): AsyncGenerator<Window, Outcome> {
  const startNs = rig.startClock();
  const usualMs = usual === undefined ? undefined : heartbeatMs({ [heartbeatName]: usual })!;
  const cost = usualMs === undefined ? {} : await costs(rig, target, usualMs);
  const noticed = await halfOpen(rig, target, usualMs);
  yield { name: "silent", startMs: 0, durationMs: (nowNs() - startNs) / 1e6, measures: {}, histograms: {} };
  return { measures: { ...cost, ...noticed } };
}

/** What a user pays who says nothing for an hour, and who notices when the way is gone. */
export const idleHour: Experiment<IdleHourCell, SystemRig> = {
  name: "idle-hour",
  group: "cost",
  title: "Idle hour",
  question: "What does an hour of silence cost a user's bill and battery, and who notices when the connection is dead?",
  lesson:
    "Nobody waited for an hour: bytes, packets and CPU time are those of a heartbeat at an interval of milliseconds, times the heartbeats of an hour at the usual interval. A connection that is silent is free, and nobody can tell whether it still exists: TCP says nothing to who sends nothing, so a way that is gone is found by a missing answer alone, at the latest after two intervals. Whatever expects nothing, as a server of SSE that sends comments, never learns of it. How dear that is, the interval decides before the protocol does: it must be shorter than what the way bears in silence (nginx 60 s, unless told otherwise; mobile networks minutes; RFC 5382 asks of NATs for two hours), each heartbeat wakes a phone's radio, and most of the bytes that a bill counts are TCP/IP.",
  presets: ["full"],
  follows: [],
  metrics: [
    "idleWireBytesPerUserHour",
    "idleIpBytesPerUserHour",
    "idlePacketsPerUserHour",
    "idleWakeUpsPerUserHour",
    "idleServerCpuMsPerUserHour",
    "heartbeatBytes",
    "heartbeatPackets",
    "heartbeatBytesRatio",
    "serverNoticesAfterMs",
    "clientNoticesAfterMs",
    "serverNoticesAfterIntervals",
    "clientNoticesAfterIntervals",
    "serverNeverNoticedShare",
    "clientNeverNoticedShare",
  ],
  isolation: "exclusive",
  cells,
  unfit: ({ target }) =>
    target.system.kind === "embedded"
      ? undefined
      : "when a server of others gives a connection up, and how often it asks, are its own settings, and nobody sees it from outside",
  open,
  measure,
  trafficMs: ({ usual }) =>
    (usual === undefined ? 0 : 2 * (heartbeatsAtTwice + 2) * everyMs) + (2 + watchedIntervals) * everyMs,
  /** A heartbeat that nobody sends. */
  sabotage(request) {
    const target = request.targets.find((each) => optionOf(each) !== undefined)!;
    const [cell] = withoutHeartbeat(target);
    return { cell: { ...cell!, expectations: halfOpenExpectations(target, true) }, fails: "serverNeverNoticedShare" };
  },
};
