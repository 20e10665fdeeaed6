/** What a window carried, held against what is certain of each of its messages. */
import { formatQuantity } from "../../../results/quantities/format.ts";
import type { DelayBounds } from "../observer/witness.ts";
import type { Check } from "./check.ts";
import type { ObservedWindow } from "./checks.ts";
import { compareCounts } from "./counts.ts";

/** Of an open loop, whatever it scheduled and got back. */
export const checkOpenRate = ({ name, flow, startNs, endNs }: ObservedWindow, timed: number): Check =>
  compareCounts(`${name}, rate`, [
    ["carried", timed, Math.round((flow.achievedRatePerSecond * (endNs - startNs)) / 1e9)],
  ]);

/** Of a closed loop, each message by the share of its way that lies in the window, with what is certain of its receipt. */
export function checkClosedRate({ name, flow, startNs, endNs }: ObservedWindow, bounds: readonly DelayBounds[]): Check {
  const seconds = (endNs - startNs) / 1e9;
  const shareWithin = (sentNs: number, receivedNs: number): number =>
    Math.max(0, Math.min(receivedNs, endNs) - Math.max(sentNs, startNs)) / Math.max(1, receivedNs - sentNs);
  let [low, high] = [0, 0];
  for (const { sentNs, receivedAfterNs, receivedBeforeNs } of bounds) {
    const ends = [receivedAfterNs, receivedBeforeNs];
    // The share grows until the end of the window and then shrinks.
    const receipts = ends[0]! < endNs && ends[1]! > endNs ? [...ends, endNs] : ends;
    const shares = receipts.map((receivedNs) => shareWithin(sentNs, receivedNs));
    low += Math.min(...shares);
    high += Math.max(...shares);
  }
  const perSecond = (count: number): string => formatQuantity(count / seconds, "perSecond");
  return {
    name: `${name}, rate`,
    expected: `${perSecond(low)} to ${perSecond(high)}`,
    measured: formatQuantity(flow.achievedRatePerSecond, "perSecond"),
    // Half a message for the nanoseconds that a header rounds.
    verdict:
      Math.abs(flow.achievedRatePerSecond * seconds - (low + high) / 2) <= (high - low + 1) / 2 ? "passed" : "failed",
  };
}
