import type { MetricName } from "../metrics/metrics.ts";
import { formatList } from "../quantities/format.ts";
import { type Claim, type Decidable, evidenceOf, type Seen, seenOf, unmeasured } from "./claim.ts";

const scenario = "security";
const [clear, encrypted] = ["xmpp", "xmpp+tls=starttls"] as const;

interface Strength {
  readonly words: string;
  readonly target: string;
  readonly probes: readonly MetricName[];
}

const strengths: readonly Strength[] = [
  {
    words: "authentication",
    target: clear,
    probes: ["wrongPasswordRefusals", "earlyMessageRefusals", "replayedLoginRefusals", "falseServerRefusals"],
  },
  { words: "authorisation", target: clear, probes: ["forgedSenderRefusals"] },
  { words: "encryption", target: encrypted, probes: ["plaintextRefusals", "strippedTlsRefusals"] },
];

export const xmppSecurity: Claim = {
  id: "xmpp-security",
  statement: "XMPP has strong security features: authentication, authorisation, encryption.",
  about: "WebSocket and XMPP",
  needs: [{ experiment: scenario, targets: [clear, encrypted], counts: true }],
  flipsAt: "a wrong password, a forged sender or, where TLS is asked for, plain text that gets through",
  decide(results) {
    const found = strengths.map((strength) => ({ ...strength, seen: seenBy(results, strength) }));
    if (found.some(({ seen, probes }) => seen.length < probes.length)) {
      return unmeasured("no cell tried to get past login, sender and TLS of XMPP");
    }
    const evidence = evidenceOf(...found.map(({ seen }) => seen));
    const inShort = `refused: ${refusedOf(found, clear)} in clear, ${refusedOf(found, encrypted)} with TLS`;
    const isKept = ({ seen }: (typeof found)[number]): boolean => seen.every(({ low }) => low === 1);
    if (found.every((strength) => !isKept(strength))) return { verdict: "does-not-hold", evidence };
    const open = found.filter((strength) => !isKept(strength));
    if (open.length > 0) {
      const kept = formatList(found.filter(isKept).map(({ words }) => words));
      const words = formatList(open.map(({ words }) => words));
      return { verdict: "holds-when", when: `it is about ${kept}: ${words} was got past`, inShort, evidence };
    }
    return {
      verdict: "holds-when",
      inShort,
      when: "the server demands TLS: then plain text and a stripped offer are refused; a login and true senders it has without",
      evidence,
    };
  },
};

/** `5/5`. */
function refusedOf(found: readonly (Strength & { readonly seen: readonly Seen[] })[], target: string): string {
  const seen = found.filter((strength) => strength.target === target).flatMap((strength) => strength.seen);
  return `${seen.filter(({ low }) => low === 1).length}/${seen.length}`;
}

const seenBy = (results: Decidable, { target, probes }: Strength): Seen[] =>
  probes.flatMap((metric) => seenOf(results, metric, { scenario, target }) ?? []);
