/** What became of the ways through a proxy, as numbers and as findings. */
import type { Finding } from "../../../results/contract/finding.ts";
import type { Measures } from "../../../results/metrics/metrics.ts";
import { settingFinding, type WayProbe } from "../../../results/recording/way-findings.ts";
import type { ShippedProxy } from "../../../servers/proxies/proxy.ts";
import type { Requests } from "../../rigs/roles/ways/failing.ts";
import type { WayReport, WaysReport } from "../../rigs/roles/ways.ts";
import { type Demands, fewestSettings, shortcoming, soonestMs, type TriedWay } from "./needs.ts";

export interface WaysTried {
  readonly proxy: ShippedProxy;
  /** Names of settings, way by way. */
  readonly tried: readonly (readonly string[])[];
  /** As documented. */
  readonly configured: readonly string[];
  readonly eventMsMax: number;
  /** The shipped one, as it was scaled; absent: silence was not tried. */
  readonly timeOutMs?: number;
}

interface Outcome {
  readonly measures: Measures;
  readonly findings: Finding[];
}

export function readWays(
  { proxy, tried, configured, eventMsMax, timeOutMs }: WaysTried,
  {
    direct,
    ways,
    compressed,
    shared,
    extended,
    beating,
    failing,
  }: Omit<WaysReport, "echoes"> & { readonly failing?: Requests | undefined },
): Outcome {
  const all = tried.map((settings, index): TriedWay => ({ settings, report: ways[index]! }));
  const by = (names: readonly string[]): WayReport | undefined =>
    all.find(({ settings }) => settings.length === names.length && names.every((name) => settings.includes(name)))
      ?.report;
  const timeOuts = proxy.settings.filter(({ isTimeOut }) => isTimeOut).map(({ name }) => name);
  const untimed = by(configured.filter((name) => !timeOuts.includes(name)));
  const shipped = by([]);
  // Where nobody is silent, time-outs were not among what was tried.
  const documented = timeOutMs === undefined ? untimed : by(configured);
  const demands: Demands = { eventMsMax, outlives: "silence" };
  const needed = fewestSettings(all, demands);
  const withHeartbeat = fewestSettings(all, { eventMsMax, outlives: "heartbeat" });
  const cut = typeof untimed?.silence === "object" ? untimed.silence : undefined;
  const soonest = soonestMs(direct);
  return {
    measures: {
      ...(soonest !== undefined && { directEventSoonestMs: soonest }),
      ...carried("shipped", shipped, eventMsMax),
      ...carried("configured", documented, eventMsMax),
      ...(needed && { proxySettingsNeeded: needed.length }),
      ...(withHeartbeat && { proxySettingsNeededWithHeartbeat: withHeartbeat.length }),
      ...(cut && { idleCutMs: cut.cutAfterMs }),
      ...(cut && timeOutMs !== undefined && { idleCutTimeoutRatio: cut.cutAfterMs / timeOutMs }),
      ...(documented?.silence !== undefined && { silentConnections: documented.silence === "outlived" ? 1 : 0 }),
      ...(untimed?.heartbeat !== undefined && { heartbeatConnections: untimed.heartbeat ? 1 : 0 }),
      ...compressedMeasures(compressed, eventMsMax),
      ...(beating?.silence !== undefined && { usualHeartbeatConnections: beating.silence === "outlived" ? 1 : 0 }),
      ...(shared !== undefined && { usersOnOneConnection: shared }),
      ...(extended?.offered !== undefined && { extendedConnectSettings: extended.offered ? 1 : 0 }),
      ...(extended?.echoed !== undefined && { extendedConnectEchoes: extended.echoed ? 1 : 0 }),
      // The first one is no repetition, and one that never arrived is not less than none.
      ...(failing && {
        repeatedGetRequests: Math.max(0, failing.GET - 1),
        repeatedPostRequests: Math.max(0, failing.POST - 1),
      }),
    },
    findings: [
      ...(shipped ? [message("shipped-message", shipped), ...event("shipped-event", shipped, eventMsMax)] : []),
      ...(untimed ? [...silence("shipped-silence", untimed), ...heartbeats(untimed)] : []),
      ...(documented
        ? [
            message("configured-message", documented),
            ...event("configured-event", documented, eventMsMax),
            ...silence("configured-silence", documented),
          ]
        : []),
      ...(beating ? silence("usual-heartbeat", beating) : []),
      ...compression(compressed, eventMsMax),
      ...repetition(failing),
      ...(extended
        ? [finding("extended-connect", extended.offered === true && extended.echoed !== false, extended.evidence)]
        : []),
      ...(needed ?? []).map((name) => {
        const without = by(needed!.filter((other) => other !== name));
        return settingFinding(name, (without && shortcoming(without, demands)) ?? "it was not tried without");
      }),
    ],
  };
}

/** Whether anything passed, and whether it did so at once. */
function carried(way: "shipped" | "configured", report: WayReport | undefined, eventMsMax: number): Measures {
  if (report === undefined) return {};
  const soonest = soonestMs(report);
  if (soonest === undefined) return { [`${way}Connections`]: 0 };
  return {
    [`${way}Connections`]: 1,
    [`${way}PromptEvents`]: soonest <= eventMsMax ? 1 : 0,
    [`${way}EventSoonestMs`]: soonest,
  };
}

const finding = (probe: WayProbe, works: boolean, evidence: string): Finding => ({
  probe,
  outcome: works ? "works" : "breaks",
  evidence,
});

const message = (probe: WayProbe, { eventMs, reason }: WayReport): Finding =>
  finding(probe, eventMs.length > 0, reason ?? "its echo came");

function event(probe: WayProbe, report: WayReport, eventMsMax: number): Finding[] {
  const soonest = soonestMs(report);
  if (soonest === undefined) return [];
  return [
    finding(
      probe,
      soonest <= eventMsMax,
      report.eventMs.length === 1
        ? `it took ${inMs(soonest)}`
        : `the soonest of ${report.eventMs.length} took ${inMs(soonest)}`,
    ),
  ];
}

function silence(probe: WayProbe, { silence }: WayReport): Finding[] {
  if (silence === undefined) return [];
  if (silence === "outlived") return [finding(probe, true, "the connection was there afterwards")];
  return [finding(probe, false, `the connection was gone after ${inMs(silence.cutAfterMs)}: ${silence.reason}`)];
}

function heartbeats({ heartbeat }: WayReport): Finding[] {
  if (heartbeat === undefined) return [];
  return [finding("heartbeats", heartbeat, heartbeat ? "the connection was there afterwards" : "they did not keep it")];
}

/** Where nothing came, the head of the response, which says that it is compressed, was held back as well. */
function compressedMeasures(report: WayReport | undefined, eventMsMax: number): Measures {
  if (report === undefined) return {};
  const soonest = soonestMs(report);
  if (soonest === undefined) return { compressedPromptEvents: 0 };
  return report.compression === undefined ? {} : { compressedPromptEvents: soonest <= eventMsMax ? 1 : 0 };
}

function compression(report: WayReport | undefined, eventMsMax: number): Finding[] {
  if (report === undefined) return [];
  if (soonestMs(report) === undefined) return [finding("compressed-event", false, report.reason ?? "nothing came")];
  return report.compression === undefined ? [] : event("compressed-event", report, eventMsMax);
}

function repetition(failing: Requests | undefined): Finding[] {
  if (failing === undefined) return [];
  const evidence = `of two servers that fail after they took it, ${failing.POST} got a POST and ${failing.GET} a GET`;
  return [finding("repeated-post", failing.POST === 1, evidence)];
}

const inMs = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
