/** Which settings it takes, from what became of every combination of them. */
import type { WayReport } from "../../rigs/roles/ways.ts";

/** A way that was tried. */
export interface TriedWay {
  /** Names of its settings. */
  readonly settings: readonly string[];
  readonly report: WayReport;
}

/** What a way is held to. */
export interface Demands {
  /** Longest time of the soonest event, in milliseconds. */
  readonly eventMsMax: number;
  /** How silence is to be outlived; absent: nobody is silent. */
  readonly outlives?: "silence" | "heartbeat";
}

/** The soonest event: what a busy machine adds is not the proxy's. Undefined where none came. */
export const soonestMs = ({ eventMs }: WayReport): number | undefined =>
  eventMs.length === 0 ? undefined : Math.min(...eventMs);

/** Why a way does not do, as a clause; undefined where it does. */
export function shortcoming(report: WayReport, { eventMsMax, outlives }: Demands): string | undefined {
  if (report.reason !== undefined) return report.reason;
  const soonest = soonestMs(report) ?? Number.POSITIVE_INFINITY;
  if (soonest > eventMsMax) return `an event took ${Math.round(soonest)} ms or more`;
  const { silence } = report;
  if (outlives === "silence" && silence !== undefined && silence !== "outlived") {
    return `silence was cut off after ${Math.round(silence.cutAfterMs)} ms`;
  }
  return outlives === "heartbeat" && report.heartbeat === false ? "heartbeats did not keep it" : undefined;
}

/** The least that does, of equally many settings the first; undefined where no way does. */
export function fewestSettings(tried: readonly TriedWay[], demands: Demands): readonly string[] | undefined {
  const enough = tried.filter(({ report }) => shortcoming(report, demands) === undefined);
  return enough.toSorted((a, b) => a.settings.length - b.settings.length)[0]?.settings;
}

/** All sets of some names, the smallest first. */
export function subsetsOf(names: readonly string[]): readonly (readonly string[])[] {
  const sets = Array.from({ length: 2 ** names.length }, (_, bits) =>
    names.filter((_name, place) => Math.floor(bits / 2 ** place) % 2 === 1),
  );
  return sets.toSorted((a, b) => a.length - b.length);
}
