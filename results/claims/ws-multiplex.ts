import type { MetricName } from "../metrics/metrics.ts";
import { type Claim, type Decidable, evidenceOf, inWords, present, type Seen, seenOf, unmeasured } from "./claim.ts";
import { type Compared, compared } from "./compared.ts";

const [scenario, target] = ["multiplex", "websocket"] as const;
const [each, one] = ["a connection each", "one connection"] as const;

export const wsMultiplex: Claim = {
  id: "ws-multiplex",
  statement: "Several users can share one connection, which lowers latency.",
  about: "WebSocket and XMPP",
  needs: [{ experiment: scenario, targets: [target], variants: [each, one] }],
  flipsAt: "messages of users who are there already that are quicker on one connection than on one each",
  decide(results) {
    const [arriving, messaging] = [shared(results, "newUserRoundTrips"), shared(results, "userDelayP50Us")];
    if (arriving === undefined) {
      return unmeasured("no cell led several users over one WebSocket and over one each");
    }
    const [alone, together] = [seenIn(results, "heldUpUsers", each), seenIn(results, "heldUpUsers", one)];
    const evidence = [...arriving.evidence, ...(messaging?.evidence ?? []), ...evidenceOf(present(together, alone))];
    const lowers = (one: Compared | undefined): boolean => one?.direction === "lower";
    if (lowers(messaging)) {
      return { verdict: "holds", inShort: `echo ${messaging!.words} of one each`, evidence };
    }
    if (!lowers(arriving)) {
      if (arriving.direction !== "cannot-tell") return { verdict: "does-not-hold", evidence };
      return unmeasured(`a new user on one connection takes ${arriving.words} the round trips, which cannot tell`);
    }
    const stall =
      together === undefined || alone === undefined || together.low <= alone.high
        ? ""
        : `, and where it stalls, ${inWords(together)} users wait instead of ${inWords(alone)}`;
    const later = messaging === undefined ? "" : `; a message afterwards takes ${messaging.words} the time`;
    const laterInShort = messaging === undefined ? "" : `, those after ${messaging.inShort}`;
    return {
      verdict: "holds-when",
      inShort: `first echo ${arriving.inShort}${laterInShort}`,
      when: `a user is new: the first echo takes ${arriving.words} the round trips${later}${stall}`,
      evidence,
    };
  },
};

/** On one connection, over one each. */
const shared = (results: Decidable, metric: "newUserRoundTrips" | "userDelayP50Us"): Compared | undefined =>
  compared(seenIn(results, metric, one), seenIn(results, metric, each));

const seenIn = (results: Decidable, metric: MetricName, variant: string): Seen | undefined =>
  seenOf(results, metric, { scenario, target, variant, isLinked: true }, variant);
