/**
 * Goes to one server by several ways at once, one of them direct: does a message come back, at once, and how does silence
 * end? Then echoes one at a time, direct and by one way in turn.
 */
import { setTimeout as wait } from "node:timers/promises";
import { trustCertificate } from "../../../clients/connection/trust.ts";
import { askExtended, type ExtendedConnect, type ExtendedOrder } from "../../../clients/http/extended-connect.ts";
import { LatencyHistogram } from "../../../load/recording/latency.ts";
import { nowNs } from "../../../protocol/clock.ts";
import type { Options, SharedConnection } from "../../../protocol/contract.ts";
import { describeError } from "../../../protocol/errors.ts";
import { learnSecrets } from "../../../protocol/secrets.ts";
import { loadClient } from "../../targets/protocol-modules.ts";
import { cpuTime } from "../proc/process-use.ts";
import type { Role } from "./role.ts";
import { Caller } from "./ways/caller.ts";
import { askFailing, type FailingOrder } from "./ways/failing.ts";

export interface WaysOrder {
  readonly protocol: string;
  readonly options: Options;
  readonly payloadBytes: number;
  /** URL without a proxy. */
  readonly direct: string;
  /** Of proxies at which TLS ends, as PEM. */
  readonly certificates: readonly string[];
  readonly ways: readonly string[];
  /** Each alone, after the echo of the one before, until one is there at once; no more of them than `countMax`. */
  readonly events: { readonly countMax: number; readonly atOnceMs: number };
  /** A way that carries nothing so long after the direct one did, in milliseconds, does not carry. */
  readonly graceMs: number;
  /** How silence is tried; absent: not at all. */
  readonly silence?: { readonly watchMs: number; readonly heartbeatMs: number };
  /** A way on which events are compressed for a client that asks for it by these options; absent: there is none. */
  readonly compressed?: { readonly url: string; readonly options: Options };
  /** A way to a server with a heartbeat of its own, on which nobody else says anything for so long; absent: there is none. */
  readonly beating?: { readonly url: string; readonly options: Options; readonly watchMs: number };
  /** So many users on one connection, each with an echo at the same time; absent: none. */
  readonly shared?: { readonly url: string; readonly users: number };
  /** A way on which a WebSocket is opened over HTTP/2: see `askExtended`; absent: there is none. */
  readonly extended?: ExtendedOrder;
  /** Ways to servers that fail: see `askFailing`; absent: there are none. */
  readonly failing?: FailingOrder;
  /** Echoes in turn; absent: none. */
  readonly echoes?: {
    readonly url: string;
    /** Of the proxy on that way. */
    readonly pids: readonly number[];
    readonly warmups: number;
    readonly durationMs: number;
  };
}

export interface WayReport {
  /** Between an event and its echo, in milliseconds; empty: none came, and `reason` says why. */
  readonly eventMs: readonly number[];
  readonly reason?: string;
  /** Of a connection that was silent: after how long it ended, or that it did not. */
  readonly silence?: { readonly cutAfterMs: number; readonly reason: string } | "outlived";
  /** Whether a connection with heartbeats outlived the same time. */
  readonly heartbeat?: boolean;
  /** What came compressed, in the wire's words. */
  readonly compression?: string;
}

export interface WaysReport {
  readonly direct: WayReport;
  /** In the order they were given. */
  readonly ways: readonly WayReport[];
  readonly compressed?: WayReport;
  readonly beating?: WayReport;
  /** How many of the users on one connection got their echo. */
  readonly shared?: number;
  readonly extended?: ExtendedConnect;
  readonly echoes?: {
    /** Encoded. */
    readonly direct: string;
    readonly proxied: string;
    /** Of the proxy, for one message and its echo; absent where that cannot be seen. */
    readonly cpuUsPerEcho?: number;
  };
}

const patienceMs = 20_000;
const warmups = 10;
/** The next way is tried when this one carries, or after so long. */
const staggerMs = 15;

export const ways: Role<WaysOrder, WaysReport> = {
  name: "ways",
  async run(order) {
    for (const url of [order.direct, ...order.ways, order.beating?.url ?? ""]) learnSecrets(url);
    for (const certificate of order.certificates) trustCertificate(certificate);
    const tried = await tryAll(order);
    const shared = order.shared && (await shareOne(order, order.shared));
    const extended = order.extended && (await askExtended(order.extended));
    if (order.failing) await askFailing(order.failing);
    // A way that carries nothing is told by its own report.
    const echoes = order.echoes && (await echoInTurn(order, order.echoes).catch(() => undefined));
    return {
      ...tried,
      ...(shared !== undefined && { shared }),
      ...(extended && { extended }),
      ...(echoes && { echoes }),
    };
  },
};

type Call = (
  url: string,
  user: number,
  signal: AbortSignal,
  options?: Options,
  sharedBy?: SharedConnection,
) => Promise<Caller>;

async function callerOf({ protocol, options: usual, payloadBytes }: WaysOrder): Promise<Call> {
  const client = await loadClient(protocol, "library");
  return (url, user, signal, options = usual, sharedBy) =>
    Caller.connect(client, { url, options, user, signal, sharedBy }, payloadBytes);
}

/** Side by side: what is slow for one of them is slow for the direct one too, which comes to its turn last. */
async function tryAll(order: WaysOrder): Promise<Pick<WaysReport, "direct" | "ways" | "compressed" | "beating">> {
  const call = await callerOf(order);
  await warmUp(call, order);
  const { compressed, beating, silence, graceMs } = order;
  const usual = { ...(silence && { silence }) };
  const asked: Way[] = [
    ...order.ways.map((url) => ({ url, ...usual })),
    ...(compressed ? [compressed] : []),
    ...(beating ? [{ ...beating, silence: { watchMs: beating.watchMs } }] : []),
    { url: order.direct, ...usual },
  ];
  const over = new AbortController();
  const late = setTimeout(() => over.abort(), patienceMs);
  const tried: Promise<WayReport>[] = [];
  for (const [index, way] of asked.entries()) {
    const carried = Promise.withResolvers<void>();
    tried.push(tryWay(call, way, index, order, over.signal, carried.resolve));
    // All in one moment would keep this process from its events.
    await Promise.race([carried.promise, wait(staggerMs)]);
    if (index === asked.length - 1) void carried.promise.then(() => setTimeout(() => over.abort(), graceMs));
  }
  const reports = await againWhereLate(call, order, asked, await Promise.all(tried));
  clearTimeout(late);
  const by = (way: { readonly url: string } | undefined): WayReport | undefined =>
    reports[asked.findIndex(({ url }) => url === way?.url)];
  const [ofCompressed, ofBeating] = [by(compressed), by(beating)];
  return {
    direct: reports.at(-1)!,
    ways: reports.slice(0, order.ways.length),
    ...(ofCompressed && { compressed: ofCompressed }),
    ...(ofBeating && { beating: ofBeating }),
  };
}

/** When the others are at rest: what was late among so many may have been kept waiting by them. */
async function againWhereLate(
  call: Call,
  order: WaysOrder,
  asked: readonly Way[],
  reports: readonly WayReport[],
): Promise<WayReport[]> {
  const signal = AbortSignal.timeout(patienceMs);
  return await Promise.all(
    reports.map(async (report, index) => {
      const { eventMs } = report;
      if (eventMs.length === 0 || Math.min(...eventMs) <= order.events.atOnceMs) return report;
      const { silence: _, ...way } = asked[index]!;
      const again = await tryWay(call, way, index, order, signal, () => {});
      return { ...report, eventMs: [...eventMs, ...again.eventMs] };
    }),
  );
}

/** Direct: the first way would be timed in code that never ran before. */
async function warmUp(call: Call, { direct }: WaysOrder): Promise<void> {
  const signal = AbortSignal.timeout(patienceMs);
  const caller = await call(direct, 0, signal);
  for (let count = 0; count < warmups; count++) await caller.echo(signal);
  await caller.close();
}

interface Way {
  readonly url: string;
  /** Of its client; absent: those of the order. */
  readonly options?: Options;
  /** Absent: it is not tried. */
  readonly silence?: { readonly watchMs: number; readonly heartbeatMs?: number };
}

async function tryWay(
  call: Call,
  { url, options, silence }: Way,
  index: number,
  { events }: WaysOrder,
  signal: AbortSignal,
  carried: () => void,
): Promise<WayReport> {
  const callers: Caller[] = [];
  const connect = async (user: number): Promise<Caller> => {
    const caller = await call(url, user, signal, options);
    callers.push(caller);
    return caller;
  };
  const eventMs: number[] = [];
  const startNs = nowNs();
  try {
    const silent = await connect(2 * index);
    do eventMs.push(await silent.echo(signal));
    while (eventMs.at(-1)! > events.atOnceMs && eventMs.length < events.countMax);
    carried();
    const { compression } = silent;
    if (silence === undefined) return { eventMs, ...(compression && { compression }) };
    const { watchMs, heartbeatMs } = silence;
    if (heartbeatMs === undefined) return { eventMs, silence: await silent.staySilent(watchMs) };
    const beating = await connect(2 * index + 1);
    const [quiet, heartbeat] = await Promise.all([silent.staySilent(watchMs), beating.beat(heartbeatMs, watchMs)]);
    return { eventMs, silence: quiet, heartbeat };
  } catch (error) {
    const ms = Math.round((nowNs() - startNs) / 1e6);
    return { eventMs, reason: signal.aborted ? `nothing for ${ms} ms` : `${reasonOf(error)}, after ${ms} ms` };
  } finally {
    carried();
    for (const caller of callers) void caller.close();
  }
}

/** Without what is another each time: the address, and of an error of OpenSSL all but its sentence. */
const reasonOf = (error: unknown): string =>
  describeError(error)
    .replace(/^cannot connect to \S+: /, "")
    .replace(/^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]*):.*$/s, "$1");

/** Whoever is kept waiting by the others gets no echo. */
async function shareOne(order: WaysOrder, { url, users }: NonNullable<WaysOrder["shared"]>): Promise<number> {
  const call = await callerOf(order);
  const signal = AbortSignal.timeout(patienceMs);
  const sharedBy: SharedConnection = {};
  const callers: Caller[] = [];
  const echoed = await Promise.allSettled(
    Array.from({ length: users }, async (_, user) => {
      const caller = await call(url, user, signal, undefined, sharedBy);
      callers.push(caller);
      await caller.echo(signal);
    }),
  );
  for (const caller of callers) void caller.close();
  return echoed.filter(({ status }) => status === "fulfilled").length;
}

async function echoInTurn(
  order: WaysOrder,
  { url, pids, warmups, durationMs }: NonNullable<WaysOrder["echoes"]>,
): Promise<WaysReport["echoes"]> {
  const call = await callerOf(order);
  const signal = AbortSignal.timeout(patienceMs);
  const lines = await Promise.all([order.direct, url].map((each, user) => call(each, user, signal)));
  const times = lines.map(() => new LatencyHistogram());
  for (let count = 0; count < warmups; count++) for (const line of lines) await line.echo(signal);
  const beforeUs = cpuUsOf(pids);
  const endNs = nowNs() + durationMs * 1e6;
  let echoes = 0;
  for (; nowNs() < endNs; echoes++) {
    for (const [index, line] of lines.entries()) times[index]!.record((await line.echo(signal)) * 1e6);
  }
  const afterUs = cpuUsOf(pids);
  for (const line of lines) void line.close();
  const [direct, proxied] = times.map((histogram) => histogram.encode()) as [string, string];
  const isSeen = beforeUs !== undefined && afterUs !== undefined && afterUs > beforeUs;
  return { direct, proxied, ...(isSeen && { cpuUsPerEcho: (afterUs - beforeUs) / echoes }) };
}

/** Of all of them so far; undefined where one of them cannot be read. */
const cpuUsOf = (pids: readonly number[]): number | undefined =>
  pids.reduce<number | undefined>((sum, pid) => {
    const cpuUs = cpuTime(pid)?.cpuUs;
    return sum === undefined || cpuUs === undefined ? undefined : sum + cpuUs;
  }, 0);
