/** The taught sentences that results decide about: one file each, one line here. */
import type { DecidedClaim } from "../contract/claim.ts";
import { busLocalOnly } from "./bus-local-only.ts";
import { busPubsub } from "./bus-pubsub.ts";
import type { Claim, Decidable } from "./claim.ts";
import { httpDirection } from "./http-direction.ts";
import { httpFit } from "./http-fit.ts";
import { httpFreshness } from "./http-freshness.ts";
import { httpLifetime } from "./http-lifetime.ts";
import { lbLeastconn } from "./lb-leastconn.ts";
import { lbRoundRobin } from "./lb-round-robin.ts";
import { lbState } from "./lb-state.ts";
import { lbSticky } from "./lb-sticky.ts";
import { sseComplexity } from "./sse-complexity.ts";
import { sseDirection } from "./sse-direction.ts";
import { sseFormat } from "./sse-format.ts";
import { wsAnyPayload } from "./ws-any-payload.ts";
import { wsAnywhere } from "./ws-anywhere.ts";
import { wsCarrier } from "./ws-carrier.ts";
import { wsDuplex } from "./ws-duplex.ts";
import { wsFastest } from "./ws-fastest.ts";
import { wsMultiplex } from "./ws-multiplex.ts";
import { wsNoPresence } from "./ws-no-presence.ts";
import { wsSecurity } from "./ws-security.ts";
import { wsTextBinary } from "./ws-text-binary.ts";
import { xmppBinary } from "./xmpp-binary.ts";
import { xmppDecentralisedSlow } from "./xmpp-decentralised-slow.ts";
import { xmppOpen } from "./xmpp-open.ts";
import { xmppSecurity } from "./xmpp-security.ts";
import { xmppStacks } from "./xmpp-stacks.ts";
import { xmppSupport } from "./xmpp-support.ts";

/** In the order in which they are taught. */
export const claims: readonly Claim[] = [
  wsDuplex,
  wsTextBinary,
  wsAnywhere,
  httpDirection,
  httpLifetime,
  httpFreshness,
  httpFit,
  sseDirection,
  sseComplexity,
  sseFormat,
  xmppOpen,
  xmppSecurity,
  xmppSupport,
  xmppStacks,
  xmppBinary,
  xmppDecentralisedSlow,
  wsFastest,
  wsMultiplex,
  wsAnyPayload,
  wsCarrier,
  wsSecurity,
  wsNoPresence,
  lbRoundRobin,
  lbState,
  lbSticky,
  lbLeastconn,
  busLocalOnly,
  busPubsub,
];

/** The verdict on every claim that was asked for, by its id, and on every other that the results decide by the way. */
export const decideClaims = (results: Decidable, asked: readonly string[] = []): DecidedClaim[] =>
  claims
    .map((claim) => decided(claim, results))
    .filter(({ id, verdict }) => asked.includes(id) || isByMeasurement(verdict));

const isByMeasurement = (verdict: DecidedClaim["verdict"]): boolean =>
  verdict !== "not-measured" && verdict !== "not-a-measurement";

function decided(claim: Claim, results: Decidable): DecidedClaim {
  const { id, statement, flipsAt } = claim;
  const decision = claim.decide(results);
  return {
    id,
    statement,
    verdict: decision.verdict,
    ...(decision.verdict === "holds-when" && { when: decision.when }),
    ...(decision.verdict === "not-a-measurement" && { instead: decision.instead }),
    ...(decision.verdict !== "not-measured" && decision.inShort !== undefined && { inShort: decision.inShort }),
    ...("cause" in decision && decision.cause !== undefined && { cause: decision.cause }),
    ...(decision.verdict === "not-measured" && { because: decision.because }),
    evidence: decision.verdict === "not-measured" ? [] : [...decision.evidence],
    flipsAt: "flipsAt" in decision && decision.flipsAt !== undefined ? decision.flipsAt : flipsAt,
    command: `wirebench claims ${id}`,
  };
}

/** The heading it is taught under; of one that this version does not know, what it is. */
export const chapterOf = (id: string): string => claims.find((claim) => claim.id === id)?.about ?? "Other";
