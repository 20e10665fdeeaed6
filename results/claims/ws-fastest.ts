import type { Evidence } from "../contract/claim.ts";
import { type MetricName, metricNamed } from "../metrics/metrics.ts";
import { formatDuration, formatList } from "../quantities/format.ts";
import { equivalentRatio, noticeableRatio } from "../statistics/decide.ts";
import {
  type Claim,
  type Decidable,
  type Decision,
  evidenceOf,
  inShortMax,
  type Need,
  present,
  type Seen,
  seenOf,
  unmeasured,
  valueInWords,
} from "./claim.ts";
import { type Compared, compared } from "./compared.ts";
import { pushedTo, pushes } from "./pushes.ts";

const scenario = "echo";
const own = "websocket";
/** The same client and server, but for a connection that is kept. */
const [kept, closed] = ["long-polling", "long-polling+close"] as const;
const others = ["sse", "short-polling", kept, "xmpp"] as const;
/** One that asks by the clock waits for it first, however far away. */
const unclocked = ["sse", kept, "xmpp"] as const;
/** Those that send up in requests. */
const requesting = ["sse", kept] as const;
const rttMs = 80;
const link = `rtt=${rttMs}ms`;
const near = { experiment: scenario, targets: [own, ...others] } as const satisfies Need;
const far = { experiment: scenario, targets: [own, ...unclocked, closed], link } as const satisfies Need;
const pushed = pushes(own, ...requesting);
/** Each user waits for its answer before it sends again. */
const alone = {
  experiment: "literature",
  targets: [own, ...requesting],
  variants: ["exchange at 162 ms"],
} as const satisfies Need;

const flipsAt = `another protocol that takes less than ${1 / equivalentRatio} of WebSocket's time, near or far, or requests that take no longer on a new connection each`;

export const wsFastest: Claim = {
  id: "ws-fastest",
  statement: "A persistent connection makes WebSocket one of the fastest.",
  about: "WebSocket and XMPP",
  needs: [near, far, pushed, alone],
  flipsAt,
  decide(results) {
    const decision = decideBy(results);
    const levelled = levelledAt(results);
    if (decision.verdict === "not-measured" || levelled === undefined) return decision;
    return { ...decision, flipsAt: `${flipsAt}; ${levelled}` };
  },
};

function decideBy(results: Decidable): Decision {
  const echoes = besideOwn(others, (target) => nearby(results, target));
  const distant = besideOwn(unclocked, (target) => faraway(results, target));
  const updates = besideOwn(requesting, (target) => pushedTo(results, "pushP50Us", target));
  const inTurn = besideOwn(requesting, (target) => oneByOne(results, target));
  const rivals = [...echoes, ...distant, ...updates, ...inTurn];
  if (echoes.length === 0) return unmeasured("no two echoes that settled set WebSocket beside another protocol");
  const connecting = compared(faraway(results, closed), faraway(results, kept));
  const writes = evidenceOf([own, ...unclocked].flatMap((target) => sharing(results, target) ?? []));
  const evidence = [
    ...[...echoes, ...present(connecting), ...distant, ...updates].flatMap((one) => one.evidence),
    ...writes,
    ...inTurn.flatMap((one) => one.evidence),
  ];
  const beaten = rivals.filter(({ ratio: { high } }) => high !== undefined && high < 1 / equivalentRatio);
  if (beaten.length > 0) {
    const [first] = beaten as [Compared];
    return {
      verdict: "does-not-hold",
      inShort: `${first.of.cell.target} takes ${first.inShort}`,
      evidence: [...beaten.flatMap((one) => one.evidence), ...evidence.filter((one) => !isOf(beaten, one))],
    };
  }
  const unclear = rivals.find(({ ratio: { low } }) => low === undefined || low < 1 / equivalentRatio);
  if (unclear !== undefined) {
    const { title } = metricNamed(unclear.of.evidence.metric);
    return unmeasured(`the ${title} of ${nameOf(unclear)} is ${unclear.words} that of ${own}, which cannot tell`);
  }
  if (connecting === undefined) {
    return unmeasured(
      "nobody is clearly faster, but no cell tells a connection that is kept from one for each request",
    );
  }
  const brought = `a new connection for each request takes ${connecting.words} of the time of ${kept} that keeps its own, ${awayInWords}`;
  if (connecting.direction === "cannot-tell") {
    return unmeasured(`nobody is clearly faster, but ${brought}, which cannot tell`);
  }
  if (connecting.direction !== "higher") return { verdict: "does-not-hold", cause: brought, evidence };
  const next = echoes.toSorted((a, b) => a.ratio.value - b.ratio.value)[0]!;
  const [whole, short] = [next.words, next.inShort].map((words) => `the next takes ${words}: ${nameOf(next)}`);
  return {
    verdict: "holds",
    inShort: whole!.length <= inShortMax ? whole! : short!,
    cause: [brought, ...waitingInWords(results, distant)].join("; "),
    evidence,
  };
}

const nameOf = ({ of }: Compared): string => of.evidence.what;

const isOf = (some: readonly Compared[], one: Evidence): boolean => some.some(({ evidence }) => evidence.includes(one));

function besideOwn(targets: readonly string[], seen: (target: string) => Seen | undefined): Compared[] {
  const base = seen(own);
  return targets.flatMap((target) => compared(seen(target), base) ?? []);
}

const nearby = (results: Decidable, target: string): Seen | undefined =>
  seenOf(results, "roundTripP50Us", { scenario, target });

const awayInWords = `${formatDuration(rttMs)} away`;

const seenAway = (results: Decidable, metric: MetricName, target: string): Seen | undefined =>
  seenOf(results, metric, { scenario, target, variant: `over ${link}`, isLinked: true }, `${target}, ${awayInWords}`);

const faraway = (results: Decidable, target: string) => seenAway(results, "roundTripP50Us", target);

/** Of what goes up: messages in one request, or in one write of a stream. */
const sharing = (results: Decidable, target: string) => seenAway(results, "generatorMessagesPerWrite", target);

const oneByOne = (results: Decidable, target: string): Seen | undefined =>
  seenOf(
    results,
    "exchangeOverRoundTripP50Ratio",
    { scenario: alone.experiment, target, variant: alone.variants[0], isLinked: true },
    `${target}, one message at a time`,
  );

/**
 * Why others that keep theirs are slower far away, where the numbers show it: more messages share a request than one only
 * where they wait for the request before.
 */
function waitingInWords(results: Decidable, distant: readonly Compared[]): string[] {
  const base = sharing(results, own);
  const waiting = distant.flatMap((one) => {
    const { target, parameters } = one.of.cell;
    const { load, connections } = parameters;
    const shared = sharing(results, target);
    if (one.direction !== "higher" || load?.kind !== "open" || !shared || !base || shared.low <= base.high) return [];
    const due = (load.ratePerSecond / connections) * (rttMs / 1000);
    return [{ ...one, target, shared, due, inFlight: Math.max(1, Math.round(due / shared.value)) }];
  });
  const [first] = waiting;
  if (first === undefined) return [];
  const due = `${Number(first.due.toPrecision(2))} messages that a user has in ${formatDuration(rttMs)}`;
  const inFlight = [...new Set(waiting.map((one) => one.inFlight))].join(" or ");
  const lone = waiting.flatMap(({ target }) => compared(oneByOne(results, target), oneByOne(results, own)) ?? []);
  return [
    `${formatList(waiting.map(({ target, words }) => `${target} takes ${words}`))} of WebSocket's time ${awayInWords} although ${waiting.length > 1 ? "they keep theirs" : "it keeps its own"}, since uploads wait for each other: of the ${due}, ${formatList(waiting.map(({ shared }) => valueInWords(shared)))} share a request, about ${inFlight} upload in flight per user`,
    ...(lone.length === 0
      ? []
      : [
          `where a user sends one message at a time, ${formatList(lone.map(({ of, words }) => `${of.cell.target} takes ${words}`))}`,
        ]),
  ];
}

/** Distance adds the same to both where both need as many round trips, so that a lead shrinks with it. */
function levelledAt(results: Decidable): string | undefined {
  const base = nearby(results, own);
  const slower = besideOwn(others, (target) => nearby(results, target)).filter(
    ({ direction }) => direction === "higher",
  );
  const [nearest] = slower.toSorted((a, b) => a.of.value - b.of.value);
  if (base === undefined || nearest === undefined) return undefined;
  const levelMs = (nearest.of.value - noticeableRatio * base.value) / (noticeableRatio - 1) / 1000;
  if (levelMs <= 0) return undefined;
  const rtt = formatDuration(Number(levelMs.toPrecision(2)));
  return `over a round-trip time of ${rtt} and more, ${nameOf(nearest)} takes less than 5 % longer, if it needs as many round trips`;
}
