import { nowNs } from "../../protocol/clock.ts";
import { heartbeatMs, heartbeatName } from "../../protocol/options/heartbeat.ts";
import type { Flag, Window } from "../../results/contract/results.ts";
import type { Measures } from "../../results/metrics/metrics.ts";
import type { RigContext } from "../rigs/rig.ts";
import { type HeartbeatsOrder, type HeartbeatsReport, heartbeats as heartbeatsRole } from "../rigs/roles/heartbeats.ts";
import { type IdleUsersOrder, type IdleUsersReport, idleUsers } from "../rigs/roles/idle-users.ts";
import type { RunningSystem } from "../rigs/system.ts";
import { SystemRig } from "../rigs/system-rig.ts";
import { type Target, traitsOf } from "../targets/target.ts";
import type { CellPlan, Experiment, Outcome } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";
import { beating, heartbeatOptionOf } from "./idle-hour/beating.ts";
import { costExpectations, halfOpenExpectations, watchedIntervals } from "./idle-hour/expected.ts";
import { halfOpen, halfOpenUsers } from "./idle-hour/half-open.ts";

/** How a trial is scaled down. */
interface Pace {
  /** Stands for the usual interval; and twice that, which must cost the same a heartbeat. */
  readonly everyMs: number;
  /** What a server does for one alone could not be told from what it does anyway. */
  readonly users: number;
  /** How long these are watched. */
  readonly crowdMs: number;
}

interface IdleHourCell extends CellPlan {
  /** Interval of the heartbeat in practice; absent: there is none. */
  readonly usual?: string;
  readonly pace: Pace;
}

const pace: Pace = { everyMs: 200, users: 60, crowdMs: 1000 };
/** Counted at the interval, and at twice that; the number reported is the middle. */
const [heartbeats, heartbeatsAtTwice] = [5, 3];
/** Bytes agree from trial to trial, and so does that nobody notices anything. */
const trialsMax = { heartbeat: 3, none: 2 };
const patienceMs = 60_000;
const hourMs = 3_600_000;
/** RFC 791 section 3.1 and RFC 9293 section 3.1, both without options. */
const headersPerPacketBytes = 20 + 20;
const codec = { kind: "text", payloadBytes: 64, seed: 0 } as const;

const parametersWith = (settings: CellPlan["parameters"]["settings"]): CellPlan["parameters"] => ({
  connections: halfOpenUsers,
  payloadBytes: codec.payloadBytes,
  client: "library",
  settings: { ...settings, halfOpenUsers, watchedMs: watchedIntervals * pace.everyMs },
});

function withHeartbeat(target: Target): IdleHourCell[] {
  const option = heartbeatOptionOf(target);
  if (option === undefined) return [];
  const usual = target.options[heartbeatName] ?? option.parse("");
  return [
    {
      target,
      usual,
      pace,
      trialsMax: trialsMax.heartbeat,
      parameters: parametersWith({
        usualInterval: usual,
        usualIntervalFrom: heartbeatName in target.options ? "the command line" : traitsOf(target).heartbeat!.practice,
        scaledIntervalsMs: `${pace.everyMs}, ${2 * pace.everyMs}`,
        heartbeatsCounted: `${heartbeats}, ${heartbeatsAtTwice}`,
        usersForCpu: pace.users,
      }),
      expectations: [...costExpectations(target), ...halfOpenExpectations(target, true)],
    },
  ];
}

const isAsked = (target: Target): boolean => traitsOf(target).downlink === "response";

/** Requests that are held or repeated cannot be left out: without them it is another protocol. */
const withoutHeartbeat = (target: Target): IdleHourCell[] =>
  (traitsOf(target).downlink === "stream" || isAsked(target)) && !(heartbeatName in target.options)
    ? [
        {
          target,
          variant: "no heartbeat",
          pace,
          trialsMax: trialsMax.none,
          parameters: parametersWith({}),
          expectations: halfOpenExpectations(target, false),
        },
      ]
    : [];

const cells = ({ targets }: RunRequest): IdleHourCell[] =>
  targets.flatMap((target) => [...withHeartbeat(target), ...withoutHeartbeat(target)]);

const systemOf = (target: Target, intervalMs: number | undefined) =>
  ({ target: beating(target, intervalMs), behaviour: { name: "ends" }, codec }) as const;

/** Of its heartbeat in a trial; undefined: none. */
const intervalOf = ({ usual, pace }: IdleHourCell): number | undefined =>
  usual === undefined ? undefined : pace.everyMs;

const open = (cell: IdleHourCell, context: RigContext): Promise<SystemRig> =>
  SystemRig.open(systemOf(cell.target, intervalOf(cell)), context);

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
  { users, crowdMs }: Pace,
): Promise<number | undefined> {
  const { protocol, options } = beating(target, intervalMs);
  await play(rig, { step: "connect", url, certificate, protocol, options, users, overMs: intervalMs });
  const startNs = nowNs();
  const meter = watch.meter({ startNs, endNs: startNs + crowdMs * 1e6 });
  await rig.unlessFailed(meter.ended);
  const use = await watch.read(meter);
  const { endsNs } = await play(rig, { step: "tell" });
  await play(rig, { step: "leave" });
  if (endsNs.length > 0) rig.flag(givenUpFlag(`${endsNs.length} of ${users}`, intervalMs));
  return use && endsNs.length === 0 ? use.cpuUs / (users * (crowdMs / intervalMs)) : undefined;
}

const givenUpFlag = (lost: string, intervalMs: number): Flag => ({
  code: "given-up",
  severity: "warning",
  cause: "machine",
  message: `${lost} silent users were given up although their way was whole: a process waited for a core for longer than ${intervalMs} ms, and the server's CPU time is left out`,
});

async function costs(rig: SystemRig, target: Target, pace: Pace, usualMs: number): Promise<Measures> {
  const { everyMs } = pace;
  const slower = await rig.another(systemOf(target, 2 * everyMs));
  const atTwice = count(rig, slower, target, { intervalMs: 2 * everyMs, heartbeats: heartbeatsAtTwice });
  atTwice.catch(() => {});
  const { upBytes, downBytes, packets } = await count(rig, rig.system, target, { intervalMs: everyMs, heartbeats });
  const cpuUs = await cpuPerHeartbeatUs(rig, slower, target, 2 * everyMs, pace);
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

async function* measure(rig: SystemRig, cell: IdleHourCell): AsyncGenerator<Window, Outcome> {
  const { target, usual, pace } = cell;
  const startNs = rig.startClock();
  const usualMs = heartbeatMs(usual === undefined ? {} : { [heartbeatName]: usual });
  const cost = usualMs === undefined ? {} : await costs(rig, target, pace, usualMs);
  const noticed = await halfOpen(rig, beating(target, intervalOf(cell)), { everyMs: pace.everyMs, usualMs });
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
    "Nobody waited for an hour: bytes, packets and CPU time are those of a heartbeat at an interval of milliseconds, times the heartbeats of an hour at the usual interval. A connection that is silent is free, and nobody can tell whether it still exists: TCP says nothing to who sends nothing, so a way that is gone is found by a missing answer alone, at the latest after two intervals. Whatever expects nothing, as a server of SSE that sends comments, never learns of it. How dear that is, the interval decides before the protocol does: it must be shorter than what the way bears in silence (nginx 60 s, unless told otherwise; mobile networks minutes; RFC 5382 asks of NATs for two hours), each heartbeat wakes a phone's radio, and of what a ping costs on a bill, nearly all is TCP/IP.",
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
      ? isAsked(target)
        ? "who says nothing has nothing that could be dead: a connection that is gone is opened again by the next request"
        : undefined
      : "when a server of others gives a connection up, and how often it asks, are its own settings, and nobody sees it from outside",
  open,
  measure,
  trafficMs: ({ usual, pace: { everyMs } }) =>
    (usual === undefined ? 0 : 2 * (heartbeatsAtTwice + 2) * everyMs) + (2 + watchedIntervals) * everyMs,
  /** A heartbeat that nobody sends. */
  sabotage(request) {
    const target = request.targets.find((each) => heartbeatOptionOf(each) !== undefined)!;
    const [cell] = withoutHeartbeat(target);
    return { cell: { ...cell!, expectations: halfOpenExpectations(target, true) }, fails: "serverNeverNoticedShare" };
  },
};
