/** The settings of a cell as a reader reads them: their names are a program's. */
import type { Parameters } from "../../results/contract/results.ts";
import { formatDuration, formatQuantity } from "../../results/quantities/format.ts";

/** Titles of settings whose name, taken apart, does not say enough. */
const titles: ReadonlyMap<string, string> = new Map([
  ["resume", "ask for what they missed"],
  ["backoff", "reconnect"],
  ["shutdownSessions", "shutdown-sessions"],
  ["as", "form"],
  ["change", "change of presence"],
  ["cuts", "users cut off"],
  ["documented", "what the manual says"],
  ["encrypted", "TLS"],
  ["usersMax", "most users"],
  ["silenceEndsBy", "what ends silence as shipped"],
  ["silenceMsAsShipped", "silence allowed as shipped"],
  ["eventMsMax", "longest delay that counts as at once"],
  ["timeScale", "shortening of time-outs"],
  ["usualIntervalFrom", "usual interval from"],
  ["scaledIntervalsMs", "heartbeat intervals tried (ms)"],
  ["roundTripTimesMs", "round-trip times (ms)"],
  ["halfOpenUsers", "users gone silent"],
  ["watchedMs", "time watched"],
  ["restMs", "rest"],
  ["refusedMs", "refusal"],
  ["silentMs", "silence"],
  ["retryMs", "retry interval"],
  ["stallMs", "stall"],
  ["deadMs", "time the broker is dead"],
  ["frozenMs", "freeze"],
  ["faultMs", "length of the fault"],
  ["behindMs", "lag of the followers"],
  ["busyMs", "busy time"],
  ["everyMs", "interval"],
  ["largeBytes", "large message"],
  ["probeBytes", "small message"],
  ["gapMs", "gap before the small one"],
  ["partners", "pairs of users"],
  ["topics", "topics of the broker"],
  ["addresses", "source addresses"],
  ["state", "state kept"],
  ["objectiveDelayUsMax", "delay of the objective (µs)"],
]);

/** `valuesPerSecondAndUser` in words: `values per second and user`; a unit at its end is said with the value. */
export function settingTitle(name: string): string {
  const known = titles.get(name);
  if (known !== undefined) return known;
  const [, base, most] = /^(.+?)(?:Ms|Bytes)(Max)?$/.exec(name) ?? [undefined, name];
  const words = base!.replace(/(?<=[a-z\d])(?=[A-Z])/g, " ").toLowerCase();
  return most === undefined ? words : `${words} at most`;
}

type Setting = Parameters["settings"][string];

/** `2 s` of an `outageMs` of 2000. */
export function settingInWords(name: string, value: Setting): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return value;
  if (/Ms(Max|AsShipped)?$/.test(name)) return formatDuration(value);
  if (/Bytes(Max)?$/.test(name)) return formatQuantity(value, value >= 2 ** 20 ? "memory" : "bytes");
  return name === "timeScale" ? `${value} times` : String(value);
}
