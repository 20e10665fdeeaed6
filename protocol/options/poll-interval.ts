import type { Options, OptionTrait } from "../contract.ts";
import { parseDurationMs } from "../units.ts";
import { closesConnections } from "./close.ts";

/** How often a polling client asks. The default is a choice between delay and requests, not a property of the protocol. */
export const pollInterval: OptionTrait = {
  name: "poll-interval",
  summary: "time between two requests of a client, e.g. 1s",
  default: "100ms",
  // Twenty users of the suite with a TLS handshake for every poll would take all there is of a core.
  conformanceValue: (options) => (closesConnections(options) ? "300ms" : "10ms"),
  parse(text) {
    parseDurationMs(text);
    return text;
  },
  title: (value) => `every ${value.replace(/(?<=\d)(?=[a-z])/, " ")}`,
};

/** In milliseconds. */
export const pollIntervalMs = (options: Options): number =>
  parseDurationMs(options[pollInterval.name] ?? pollInterval.default!);
