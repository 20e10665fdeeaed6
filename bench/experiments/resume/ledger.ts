/** What became of every update that a user was owed, from what the publisher and the users wrote down. */
import type { UpdateLog } from "../../../load/behaviours/updates.ts";
import { LatencyHistogram } from "../../../load/recording/latency.ts";
import type { Measures } from "../../../results/metrics/metrics.ts";
import { delayMeasures } from "../../../results/recording/delays.ts";
import { decodeHistogram } from "../../../results/statistics/histogram.ts";
import type { UserLog } from "../../rigs/roles/resume.ts";

/** Nothing gets through from its start until it is healed; instants of the host's clock. */
export interface Outage {
  readonly startNs: number;
  readonly healedNs: number;
  /** Until then nobody was told. Absent: connections were reset at once. */
  readonly silentUntilNs?: number;
}

export interface ResumeMeasures {
  readonly measures: Measures;
  /** Encoded. */
  readonly histograms: { readonly recovery: string };
}

const share = (part: number, whole: number): number | undefined => (whole === 0 ? undefined : part / whole);

export function resumeMeasures(
  { publishedNs, handed }: UpdateLog,
  users: readonly UserLog[],
  outages: readonly Outage[],
): ResumeMeasures {
  const isOut = (atNs: number): boolean => outages.some(({ startNs, healedNs }) => atNs > startNs && atNs < healedNs);
  const isSilent = (atNs: number): boolean =>
    outages.some(({ startNs, silentUntilNs = startNs }) => atNs > startNs && atNs < silentUntilNs);
  const count = { lost: 0, accepted: 0, duplicated: 0, reordered: 0, attempts: 0 };
  const outage = { owed: 0, lost: 0 };
  const silence = { owed: 0, accepted: 0 };
  const recovery = new LatencyHistogram();
  let neverCame = 0;

  for (const { from, connections, arrivals, attempts } of users) {
    const received = new Map<number, number>();
    let latest = from;
    for (const [update, atNs] of arrivals) {
      if (received.has(update)) count.duplicated++;
      else {
        received.set(update, atNs);
        if (update < latest) count.reordered++;
        latest = Math.max(latest, update);
      }
    }
    const ranges = connections.flatMap((number) => handed[number - 1] ?? []);
    for (let update = from + 1; update <= publishedNs.length; update++) {
      const isLost = !received.has(update);
      const isAccepted = isLost && ranges.some(([first, last]) => first <= update && update <= last);
      const isInOutage = isOut(publishedNs[update - 1]!);
      const isInSilence = isSilent(publishedNs[update - 1]!);
      count.lost += Number(isLost);
      count.accepted += Number(isAccepted);
      outage.owed += Number(isInOutage);
      outage.lost += Number(isInOutage && isLost);
      silence.owed += Number(isInSilence);
      silence.accepted += Number(isInSilence && isAccepted);
    }
    for (const { healedNs } of outages) {
      const firstNs = [...received.values()].find((atNs) => atNs >= healedNs);
      if (firstNs === undefined) neverCame++;
      else recovery.record(firstNs - healedNs);
    }
    count.attempts += attempts;
  }

  const encoded = recovery.encode();
  const lostInOutageShare = share(outage.lost, outage.owed);
  const acceptedThenLostShare = share(silence.accepted, silence.owed);
  return {
    measures: {
      lostUpdates: count.lost,
      acceptedThenLostUpdates: count.accepted,
      duplicatedUpdates: count.duplicated,
      reorderedUpdates: count.reordered,
      ...(lostInOutageShare !== undefined && { lostInOutageShare }),
      ...(acceptedThenLostShare !== undefined && { acceptedThenLostShare }),
      ...delayMeasures("recovery", { histogram: decodeHistogram(encoded), neverCame }),
      outageMs: outages.reduce((sum, { startNs, healedNs }) => sum + (healedNs - startNs) / 1e6, 0),
      comebackAttempts: count.attempts,
    },
    histograms: { recovery: encoded },
  };
}
