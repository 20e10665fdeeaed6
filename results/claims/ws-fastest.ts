import { formatDuration, formatList } from "../quantities/format.ts";
import { equivalentRatio, noticeableRatio } from "../statistics/decide.ts";
import { type Claim, type Decidable, type Need, type Seen, seenIn, seenOf, unmeasured } from "./claim.ts";
import { type Compared, compared } from "./compared.ts";
import { pushedTo, pushes } from "./pushes.ts";

const scenario = "echo";
const own = "websocket";
const [near, far] = [
  { experiment: scenario, targets: [own, "sse", "short-polling", "long-polling", "xmpp"] },
  { experiment: scenario, targets: [own, "sse", "long-polling"], link: "rtt=80ms" },
] as const satisfies Need[];
const pushed = pushes(own, "sse", "long-polling");

export const wsFastest: Claim = {
  id: "ws-fastest",
  statement: "A persistent connection makes WebSocket one of the fastest.",
  about: "WebSocket and XMPP",
  needs: [near, far, pushed],
  flipsAt: "another protocol that takes clearly less time than WebSocket",
  decide(results) {
    const echoes = comparisons(near.targets, (target) => seenOf(results, "roundTripP50Us", { scenario, target }));
    const updates = comparisons(pushed.targets ?? [], (target) => pushedTo(results, "pushP50Us", target));
    const slower = echoes.filter(({ direction }) => direction === "higher");
    const all = [...slower, ...echoes.filter((one) => !slower.includes(one)), ...updates];
    if (echoes.length === 0) return unmeasured("no two echoes that settled set WebSocket beside another protocol");
    const evidence = all.flatMap((one) => one.evidence);
    const beaten = all.filter(({ ratio: { high } }) => high !== undefined && high < 1 / equivalentRatio);
    if (beaten.length > 0) return { verdict: "does-not-hold", evidence };
    if (slower.length === 0) {
      const unclear = echoes.find(({ direction }) => direction === "cannot-tell");
      if (unclear === undefined) return { verdict: "does-not-hold", evidence };
      return unmeasured(`an echo of ${nameOf(unclear)} takes ${unclear.words} of that of ${own}, which cannot tell`);
    }
    const flipsAt = flipOf(results, slower);
    const more = flipsAt === undefined ? {} : { flipsAt };
    const alike = comparisons(far.targets, (target) => distant(results, target)).filter(
      ({ direction }) => direction === "equal",
    );
    const level = alike.filter((one) => slower.some((other) => nameOf(other) === nameOf(one)));
    const [farthest] = level;
    if (farthest === undefined) {
      const next = slower.toSorted((a, b) => a.ratio.value - b.ratio.value)[0]!;
      return { verdict: "holds", inShort: `the next takes ${next.words}: ${nameOf(next)}`, evidence, ...more };
    }
    const rtt = formatDuration(farthest.of.cell.parameters.link?.rttMs ?? 0);
    const nearby = slower.find((one) => nameOf(one) === nameOf(farthest))!;
    return {
      verdict: "holds-when",
      inShort: `${nameOf(farthest)} ${nearby.inShort} near, ${farthest.inShort} far`,
      when: `users are near: on loopback ${formatList(slower.map((one) => `${nameOf(one)} takes ${one.words}`))} its time; over ${rtt} there and back ${formatList(level.map((one) => `${nameOf(one)} takes ${one.words}`))}`,
      evidence: [...evidence, ...level.flatMap((one) => one.evidence)],
      ...more,
    };
  },
};

const nameOf = ({ of }: Compared): string => of.cell.target;

function comparisons(targets: readonly string[], seen: (target: string) => Seen | undefined): Compared[] {
  const base = seen(own);
  return targets.flatMap((target) => (target === own ? [] : (compared(seen(target), base) ?? [])));
}

/** Over a link far enough that the distance is what is waited for. */
const distant = (results: Decidable, target: string): Seen | undefined =>
  seenIn(
    results,
    "roundTripP50Us",
    (cell) => cell.scenario === scenario && cell.target === target && (cell.parameters.link?.rttMs ?? 0) >= 20,
    () => `${target}, far away`,
  )[0];

/** Distance adds the same to both, so that the ratio shrinks with it. */
function flipOf(results: Decidable, slower: readonly Compared[]): string | undefined {
  const base = seenOf(results, "roundTripP50Us", { scenario, target: own });
  const nearest = slower.toSorted((a, b) => a.of.value - b.of.value)[0];
  if (base === undefined || nearest === undefined) return undefined;
  const rttMs = (nearest.of.value - noticeableRatio * base.value) / (noticeableRatio - 1) / 1000;
  if (rttMs <= 0) return undefined;
  const rtt = formatDuration(Number(rttMs.toPrecision(2)));
  return `a round-trip time of ${rtt} and more, over which ${nameOf(nearest)} takes less than 5 % longer, if it needs as many round trips`;
}
