import type { Options, OptionTrait } from "../contract.ts";
import { WirebenchError } from "../errors.ts";
import { parseDurationMs } from "../units.ts";

/** What a client waits at least and at most before it comes back, whatever its server says, in milliseconds. */
export const reconnectionBounds = { leastMs: 10, mostMs: 60_000 } as const;
/** Above, an outage would be over and forgotten. */
const askedMostMs = 10_000;

/** The reconnection time of an event stream (WHATWG HTML section 9.2.6), which a server says and a client obeys. */
export const retry: OptionTrait = {
  name: "retry",
  summary: "the server says how long to wait before coming back, e.g. 3s (WHATWG HTML 9.2.6)",
  ownServerOnly: "what a server of others says is its own setting",
  parse(text) {
    const ms = parseDurationMs(text);
    if (ms >= reconnectionBounds.leastMs && ms <= askedMostMs && Number.isInteger(ms)) return text;
    throw new WirebenchError("usage", `expected to retry after 10ms to 10s, got "${text}"`);
  },
  title: (value) => `retried after ${value.replace(/(?<=\d)(?=[a-z])/, " ")}`,
};

/** In milliseconds; undefined: nothing is said of it. */
export function retryMs(options: Options | undefined): number | undefined {
  const text = options?.[retry.name];
  return text === undefined ? undefined : parseDurationMs(text);
}
