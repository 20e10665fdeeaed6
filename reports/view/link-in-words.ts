import type { LinkConditions } from "../../results/contract/link.ts";
import { formatDuration, formatQuantity } from "../../results/quantities/format.ts";

/** `4g: 60 ms round trip, jitter 8 ms, 20 Mbit/s down, 8 Mbit/s up, 0.2 % lost`. */
export function linkInWords(link: LinkConditions): string {
  const { name, rttMs, jitterMs, downBitsPerSecond, upBitsPerSecond, lines, lossShare, by } = link;
  const line = (bits: number | undefined, way: string): string[] =>
    bits === undefined ? [] : [`${Number((bits / 1e6).toPrecision(3))} Mbit/s ${way}`];
  const conditions = [
    `${formatDuration(rttMs)} round trip`,
    ...(jitterMs === undefined ? [] : [`jitter ${formatDuration(jitterMs)}`]),
    ...line(downBitsPerSecond, "down"),
    ...line(upBitsPerSecond, "up"),
    ...(lines === undefined ? [] : ["for each connection"]),
    ...(lossShare === undefined ? [] : [`${formatQuantity(lossShare, "share")} of segments lost`]),
    ...(by === undefined ? [] : [`by the kernel (${by})`]),
  ];
  return `${name === undefined ? "" : `${name}: `}${conditions.join(", ")}`;
}
