import type { Options, OptionTrait } from "../contract.ts";
import { WirebenchError } from "../errors.ts";
import { parseDurationMs } from "../units.ts";
import { pollInterval, pollIntervalMs } from "./poll-interval.ts";

export const heartbeatName = "heartbeat";
/** Below, late timers and not the peer would decide; above, an hour has none. */
const [leastMs, mostMs] = [50, 3_600_000];

/**
 * A sign of life at an interval, in the protocol's own terms, while nothing else is sent. Who expects one gives the other side
 * up when it is missing: within two intervals. `usual` is what the bare option stands for: what is set in practice.
 */
export const heartbeat = ({ usual, does }: { readonly usual: string; readonly does: string }): OptionTrait => ({
  name: heartbeatName,
  summary: `${does}; the bare option is every ${usual}`,
  ownServerOnly: "what a server of others does to keep connections alive is its own setting",
  parse(text) {
    if (text === "") return usual;
    const ms = parseDurationMs(text);
    if (ms >= leastMs && ms <= mostMs) return text;
    throw new WirebenchError("usage", `expected a heartbeat every 50ms to 1h, got "${text}"`);
  },
  title: (value) => `with a heartbeat every ${value.replace(/(?<=\d)(?=[a-z])/, " ")}`,
});

/** How often a sign of life comes, in milliseconds; undefined: never. A poll is one, so none comes more often than polls do. */
export function heartbeatMs(options: Options | undefined): number | undefined {
  const text = options?.[heartbeatName];
  if (options === undefined || text === undefined) return undefined;
  return Math.max(parseDurationMs(text), pollInterval.name in options ? pollIntervalMs(options) : 0);
}
