import { beginsWithTls } from "../../protocol/address.ts";
import { nowNs } from "../../protocol/clock.ts";
import { compresses, gzip } from "../../protocol/options/deflate.ts";
import { h2, speaksHttp2 } from "../../protocol/options/h2.ts";
import { heartbeatName } from "../../protocol/options/heartbeat.ts";
import { tls, tlsMode } from "../../protocol/options/tls.ts";
import { parseDurationMs } from "../../protocol/units.ts";
import type { ServerInfo, Window } from "../../results/contract/results.ts";
import type { Measures } from "../../results/metrics/metrics.ts";
import { delayMeasures } from "../../results/recording/delays.ts";
import { decodeHistogram } from "../../results/statistics/histogram.ts";
import { findProgram, howToInstall } from "../../servers/programs/program.ts";
import { proxies } from "../../servers/proxies/proxies.ts";
import { carriedAs, documentedFor, isOfRequests, tlsFilesInWords } from "../../servers/proxies/proxy.ts";
import { ProxyRig } from "../rigs/proxy-rig.ts";
import type { RigContext } from "../rigs/rig.ts";
import { ways as role, type WaysOrder, type WaysReport } from "../rigs/roles/ways.ts";
import { protocols } from "../targets/protocols.ts";
import { deliveryFloorMs, embeddedTarget, type Target, traitsOf, withOption } from "../targets/target.ts";
import { delaysNamed } from "./comparison/measured.ts";
import type { CellPlan, Experiment, Outcome } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";
import { beating, heartbeatOptionOf } from "./idle-hour/beating.ts";
import { expectedThrough } from "./proxy/expected.ts";
import { subsetsOf } from "./proxy/needs.ts";
import { readWays, type WaysTried } from "./proxy/reading.ts";

export interface ProxyCell extends CellPlan, WaysTried {
  /** Where TLS ends at the proxy: the same server in clear. */
  readonly behind?: Target;
  /** Of the time-outs that are shipped. */
  readonly timeScale: number;
  readonly asked: Pick<WaysOrder, "events" | "graceMs" | "silence">;
  /** Absent: the protocol's own clock would hide what the proxy adds. */
  readonly echoes?: { readonly warmups: number; readonly durationMs: number };
  /** Names of the settings of a way on which events are compressed. */
  readonly compressed?: readonly string[];
  /** Of a way on which a WebSocket is opened over HTTP/2. */
  readonly extended?: readonly string[];
  /** How many users share a connection. */
  readonly sharedBy?: number;
  /** The target with its usual heartbeat, scaled, and the settings of the way to it. */
  readonly beating?: { readonly target: Target; readonly settings: readonly string[] };
  /** How long that is silent but for it. */
  readonly watchMs: number;
  /** Whether servers that fail are asked as well. */
  readonly failing?: boolean;
}

const codec = { kind: "text", payloadBytes: 256, seed: 0 } as const;
/** Of time-outs and of usual heartbeats, among which is how long a request is held; polls end before a time-out does. */
const timeScale = 50;
/** So many time-outs long. */
const watchedTimeOuts = 1.5;
const heartbeatsPerTimeOut = 4;
const eventsMax = 4;
/** Three quarters of what the kernel may wait for more by the manual of HAProxy; on loopback an event takes a millisecond. */
const atOnceMs = 150;
const graceMs = 1500;
const echoes = { warmups: 50, durationMs: 300 };
const trialsMax = 2;
const waysWaitMs = 60_000;
/** More than a browser opens connections of HTTP/1.1 to one host, which is six. */
const sharedBy = 8;

function cellOf(target: Target, proxy: WaysTried["proxy"]): ProxyCell {
  const traits = traitsOf(target);
  const { program, title, settings, silence, http2 } = proxy;
  const carried = carriedAs(traits);
  const ends = { tls: tlsMode(target.options) !== undefined, http2: speaksHttp2(target.options) };
  const isStream = traits.downlink === "stream";
  const isPolled = traits.downlink === "polled";
  const heartbeat = target.system.kind === "embedded" && !isPolled ? heartbeatOptionOf(target) : undefined;
  const usualMs = heartbeat && parseDurationMs(heartbeat.parse(""));
  const timeOutMs = silence.ms / timeScale;
  const floorMs = deliveryFloorMs(target);
  const eventMsMax = atOnceMs + floorMs;
  const watchMs = watchedTimeOuts * timeOutMs;
  const configured = documentedFor(proxy, carried, ends).settings ?? [];
  const names = settings
    .filter(({ name, isTimeOut, isForBytes, isForHttp2, isCompression }) => {
      // Which of all settings stand in for each other is found in clear.
      if (ends.tls) return configured.includes(name);
      if (isForHttp2 || isCompression) return false;
      return (isStream || !isTimeOut) && (!isForBytes || carried === "bytes");
    })
    .map(({ name }) => name);
  return {
    target,
    variant: program.name,
    proxy,
    ...(ends.tls && { behind: inClear(target) }),
    tried: subsetsOf(names),
    configured,
    eventMsMax,
    ...(isStream && { timeOutMs }),
    timeScale: isPolled ? 1 : timeScale,
    watchMs,
    asked: {
      events: { countMax: eventsMax, atOnceMs: eventMsMax },
      graceMs: graceMs + floorMs,
      ...(isStream && { silence: { watchMs, heartbeatMs: timeOutMs / heartbeatsPerTimeOut } }),
    },
    ...(floorMs === 0 && { echoes }),
    ...(hasEvents(target) &&
      !ends.tls && {
        compressed: [...configured, ...settings.filter(({ isCompression }) => isCompression).map(({ name }) => name)],
      }),
    ...(usualMs !== undefined && {
      beating: {
        target: beating(target, usualMs / timeScale),
        settings: configured.filter((name) => settings.some((each) => each.name === name && !each.isTimeOut)),
      },
    }),
    ...(isOfRequests(carried) && !ends.tls && { failing: true }),
    ...(carried === "upgrade" && ends.tls && { extended: [...configured, http2.setting] }),
    ...(ends.http2 && { sharedBy }),
    trialsMax,
    onTheWay: [
      fileOf(proxy, ends.tls, `${title} as shipped`, []),
      ...(configured.length === 0
        ? []
        : [fileOf(proxy, ends.tls, `${title} with ${configured.join(", ")}`, configured)]),
    ],
    parameters: {
      connections: 1,
      payloadBytes: codec.payloadBytes,
      load: { kind: "closed", inFlight: 1 },
      client: "library",
      settings: {
        proxy: program.name,
        documented: configured.join("; ") || "nothing",
        eventMsMax,
        ...(!isPolled && { silenceMsAsShipped: silence.ms, silenceEndsBy: silence.directive, timeScale }),
        ...(usualMs !== undefined && { usualHeartbeatMs: usualMs }),
      },
    },
    expectations: expectedThrough(proxy, traits, {
      ends,
      sharedBy,
      eventMsMax,
      timeScale,
      watchedTimeOuts,
      isPolled,
      ...(usualMs !== undefined && { usualHeartbeatMs: usualMs }),
    }),
  };
}

/** As a report shows it. */
function fileOf(
  { render }: WaysTried["proxy"],
  endsTls: boolean,
  name: string,
  settings: readonly string[],
): ServerInfo {
  const tls = endsTls ? tlsFilesInWords : undefined;
  return {
    name: endsTls ? `${name}, where TLS ends` : name,
    configuration: render({ routes: [{ port: "PORT", settings }], server: "SERVER", timeScale: 1, tls }).trim(),
  };
}

/** As it is behind a proxy at which TLS ends, and with it HTTP/2. */
function inClear(target: Target): Target {
  const { [tls.name]: _, [h2.name]: __, ...options } = target.options;
  return { ...target, options };
}

/** A stream of events, which comes uncompressed from the server but might be compressed. */
const hasEvents = (target: Target): boolean =>
  carriedAs(traitsOf(target)) === "event-stream" &&
  !compresses(target.options) &&
  withOption(target, gzip.name, "") !== undefined;

/** Of what is upgraded: no wire of another protocol lies within. */
const framesAreMessages = (target: Target): boolean => traitsOf(target).framing === "binary";

const cells = ({ targets }: RunRequest): ProxyCell[] =>
  targets.flatMap((target) => proxies.map((proxy) => cellOf(target, proxy)));

function unfit({ target, proxy: { program, title, documented } }: ProxyCell): string | undefined {
  if (documented[carriedAs(traitsOf(target))].settings === undefined) {
    return `${title} passes HTTP, which this protocol does not begin with; what passes bytes is a module in a package of its own`;
  }
  if (heartbeatName in target.options) return "with and without heartbeats is what it tries by itself";
  const mode = tlsMode(target.options);
  if (mode === "starttls") return "STARTTLS is a word of the protocol, which a proxy does not speak: +tls ends there";
  if (mode === undefined && speaksHttp2(target.options)) {
    return "it is over TLS that browsers speak HTTP/2 with a proxy: add +tls";
  }
  if (target.system.kind === "external" && beginsWithTls(target.system.url)) {
    return "TLS ends at the proxy here: name the server by its URL in clear";
  }
  if (findProgram(program) !== undefined) return undefined;
  return `${program.name} is not on this machine: ${howToInstall(program)}`;
}

const open = ({ beating, ...cell }: ProxyCell, context: RigContext): Promise<ProxyRig> =>
  ProxyRig.behind(
    {
      ...cell,
      ...(beating && { beating: { ...beating, target: inClear(beating.target) } }),
      behaviour: { name: "echo" },
      codec,
    },
    context,
  );

async function* measure(rig: ProxyRig, cell: ProxyCell): AsyncGenerator<Window, Outcome> {
  const { target, asked, echoes, sharedBy } = cell;
  const { ways } = rig;
  const { protocol, options } = target;
  const startNs = rig.startClock();
  const order: WaysOrder = {
    ...asked,
    protocol,
    options,
    payloadBytes: codec.payloadBytes,
    direct: rig.system.url,
    certificates: ways.certificates,
    ways: ways.tried,
    ...(ways.compressed !== undefined && {
      compressed: { url: ways.compressed, options: withOption(target, gzip.name, "")!.options },
    }),
    ...(ways.beating !== undefined && {
      beating: { url: ways.beating, options: cell.beating!.target.options, watchMs: cell.watchMs },
    }),
    ...(sharedBy !== undefined && { shared: { url: ways.configured.url, users: sharedBy } }),
    ...(ways.extended !== undefined && { extended: { url: ways.extended, echoes: framesAreMessages(target) } }),
    ...(ways.failing && { failing: ways.failing }),
    ...(echoes && { echoes: { ...ways.configured, ...echoes } }),
  };
  const report = await rig.play(role, order, waysWaitMs);
  const { direct, proxied } = report.echoes ?? {};
  yield {
    name: "ways",
    startMs: 0,
    durationMs: (nowNs() - startNs) / 1e6,
    measures: { ways: report.ways.length },
    histograms: { ...(direct !== undefined && { direct }), ...(proxied !== undefined && { proxied }) },
  };
  const { measures, findings } = readWays(cell, { ...report, failing: rig.arrived });
  return { measures: { ...measures, ...echoMeasures(report) }, findings };
}

function echoMeasures({ echoes }: WaysReport): Measures {
  if (echoes === undefined) return {};
  const delayOf = <const Delay extends "direct" | "proxied">(delay: Delay) =>
    delayMeasures(delay, { histogram: decodeHistogram(echoes[delay]), neverCame: 0 });
  const measures = { ...delayOf("direct"), ...delayOf("proxied") };
  const { directP50Us, proxiedP50Us } = measures;
  return {
    ...measures,
    ...(directP50Us !== undefined &&
      proxiedP50Us !== undefined && {
        proxyAddedP50Us: proxiedP50Us - directP50Us,
        proxiedOverDirectP50Ratio: proxiedP50Us / directP50Us,
      }),
    ...(echoes.cpuUsPerEcho !== undefined && { proxyCpuUsPerMessage: echoes.cpuUsPerEcho }),
  };
}

/** The same server, direct and by proxies as a distribution ships them, with every combination of what can be set. */
export const proxy: Experiment<ProxyCell, ProxyRig> = {
  name: "proxy",
  group: "latency",
  title: "Through a proxy",
  question: "What does each protocol need configured in a proxy that stands in front of its server?",
  lesson:
    "A proxy for HTTP carries requests and responses as it is shipped. What stays open is what must be configured: an upgrade has to be passed on by name, a stream must not be gathered, and silence has to be allowed for. Time-outs need nobody to set them where the application sends heartbeats that come more often.",
  presets: ["full"],
  follows: [],
  metrics: [
    "shippedConnections",
    "shippedPromptEvents",
    "configuredConnections",
    "configuredPromptEvents",
    "proxySettingsNeeded",
    "proxySettingsNeededWithHeartbeat",
    "directEventSoonestMs",
    "shippedEventSoonestMs",
    "configuredEventSoonestMs",
    "compressedPromptEvents",
    "repeatedGetRequests",
    "repeatedPostRequests",
    "usersOnOneConnection",
    "extendedConnectSettings",
    "extendedConnectEchoes",
    "idleCutMs",
    "idleCutTimeoutRatio",
    "heartbeatConnections",
    "silentConnections",
    "usualHeartbeatConnections",
    ...delaysNamed("direct", "proxied"),
    "proxyAddedP50Us",
    "proxiedOverDirectP50Ratio",
    "proxyCpuUsPerMessage",
  ],
  isolation: "exclusive",
  cells,
  unfit,
  open,
  measure,
  trafficMs: ({ watchMs, echoes }) => 500 + watchMs + (echoes?.durationMs ?? 0),
  /** A proxy for HTTP that nobody told that what comes is none. */
  sabotage(request) {
    const named = protocols.find(({ server }) => carriedAs(server.traits) === "bytes")!.server.traits.name;
    const [cell] = cells({ ...request, targets: [embeddedTarget(named)] });
    const { echoes: _, beating: __, ...rest } = cell!;
    return {
      cell: { ...rest, tried: [[]], configured: [], asked: { events: { countMax: 1, atOnceMs }, graceMs } },
      fails: "configuredConnections",
    };
  },
};
