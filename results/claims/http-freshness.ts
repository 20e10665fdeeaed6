import { formatDuration, formatList } from "../quantities/format.ts";
import { noticeableRatio } from "../statistics/decide.ts";
import { type Claim, type Decidable, present, unmeasured } from "./claim.ts";
import { type Compared, compared } from "./compared.ts";
import { polled, polledAt, pollIntervalsMs, pushedTo, pushes, updatesPerSecond } from "./pushes.ts";

export const httpFreshness: Claim = {
  id: "http-freshness",
  statement:
    "WebSocket brings continuously updated data over one channel; HTTP answers with the state at the time of asking.",
  about: "WebSocket and HTTP",
  needs: [pushes("websocket", "long-polling"), polled],
  flipsAt: "a user of HTTP whose data is no older than on a WebSocket",
  decide(results) {
    const stream = pushedTo(results, "ageMeanUs", "websocket");
    const clocked = pollIntervalsMs.flatMap((ms) => {
      const found = compared(polledAt(results, "ageMeanUs", ms), stream);
      return found === undefined ? [] : [{ ms, ...found }];
    });
    const held = compared(pushedTo(results, "ageMeanUs", "long-polling"), stream);
    if (clocked.length === 0)
      return unmeasured("no cell told how old data is on a WebSocket and with polling by a clock");
    const evidence = [...clocked, ...present<Compared>(held)].flatMap((one) => one.evidence);
    const flipsAt = flipOf(results);
    const more = flipsAt === undefined ? {} : { flipsAt };
    const stale = clocked.filter(({ direction }) => direction === "higher");
    if (stale.length === 0) {
      const undecided = clocked.find(({ direction }) => direction === "cannot-tell");
      return undecided === undefined
        ? { verdict: "does-not-hold", evidence, ...more }
        : unmeasured(`the age of polled data over that on a WebSocket is ${undecided.words}, which cannot tell`);
    }
    const fresh = clocked.filter(({ direction }) => direction === "equal");
    const isHeldFresh = held?.direction === "equal" || held?.direction === "lower";
    const slowest = stale.at(-1)!;
    const polledInShort = `every ${formatDuration(slowest.ms)} ${slowest.inShort}`;
    const inShort = held === undefined ? `${polledInShort} as old` : `${polledInShort}, held ${held.inShort} as old`;
    if (fresh.length === 0 && !isHeldFresh) return { verdict: "holds", inShort, evidence, ...more };
    const olds = stale.map(({ ms, words }, index) =>
      index === 0
        ? `with a poll every ${formatDuration(ms)} what it has is ${words} as old`
        : `with one every ${formatDuration(ms)} ${words}`,
    );
    const conditions = [
      `a client asks by the clock${fresh.length > 0 ? " and seldom" : ""}: ${formatList(olds)}`,
      ...fresh.map(({ ms, words }) => `with one every ${formatDuration(ms)} ${words}`),
      ...(isHeldFresh ? [`with a held request ${held.words}`] : []),
    ];
    return { verdict: "holds-when", when: conditions.join("; "), inShort, evidence, ...more };
  },
};

/** Half an interval comes on top of the age a stream has: where that is no longer noticed. */
function flipOf(results: Decidable): string | undefined {
  const stream = pushedTo(results, "ageMeanUs", "websocket");
  const [ms, added] = pollIntervalsMs
    .map((interval) => [interval, polledAt(results, "ageOverSourceMeanUs", interval)] as const)
    .findLast(([, seen]) => seen !== undefined) ?? [0, undefined];
  if (stream === undefined || added === undefined || added.value <= 0) return undefined;
  const flipMs = (stream.value * (noticeableRatio - 1) * ms) / added.value;
  return `a poll every ${formatDuration(Number(flipMs.toPrecision(2)))} or more often, at ${updatesPerSecond} updates a second: what it adds is then within 5 % of how old the data is anyway`;
}
