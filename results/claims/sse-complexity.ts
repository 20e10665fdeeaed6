import type { MetricName } from "../metrics/metrics.ts";
import { formatList } from "../quantities/format.ts";
import { type Claim, type Decidable, evidenceOf, inWords, type Seen, seenOf, unmeasured } from "./claim.ts";

const [stream, events] = ["websocket", "sse"] as const;

/** Something that must be built, sent or set, counted on both. */
interface Part {
  readonly words: string;
  readonly stream: Seen;
  readonly events: Seen;
}

export const sseComplexity: Claim = {
  id: "sse-complexity",
  statement: "WebSocket is more complex than SSE.",
  about: "WebSocket and SSE",
  needs: [
    { experiment: "resume", targets: [stream, events], counts: true },
    { experiment: "proxy", targets: [stream, events], variants: ["haproxy", "nginx"], counts: true },
    { experiment: "wire", targets: [stream, events], variants: ["text, 40 B", "binary, 65,536 B"], counts: true },
  ],
  flipsAt: "a part that one of them leaves to the application or the proxy and the other does not",
  decide(results) {
    const parts = partsOf(results);
    const evidence = parts.flatMap((part) => evidenceOf([part.stream, part.events]));
    if (resumed(results) === undefined || parts.length < 2) {
      return unmeasured("no cell counted what WebSocket and SSE need to resume, and to pass a proxy");
    }
    const heavier = parts.filter((part) => part.stream.low > part.events.high);
    const lighter = parts.filter((part) => part.events.low > part.stream.high);
    if (heavier.length === 0) return { verdict: "does-not-hold", evidence };
    const inShort = `dearer in ${heavier.length} of ${parts.length} counts, cheaper in ${lighter.length}`;
    if (lighter.length === 0) return { verdict: "holds", inShort, evidence };
    const [mine, theirs] = [
      heavier.map((part) => `${part.words} (${inWords(part.stream)} against ${inWords(part.events)})`),
      lighter.map((part) => `${part.words} (${inWords(part.events)} against ${inWords(part.stream)})`),
    ];
    return {
      verdict: "holds-when",
      when: `what counts is ${formatList(mine)}; SSE is the dearer one in ${formatList(theirs)}`,
      inShort,
      evidence,
    };
  },
};

function partsOf(results: Decidable): Part[] {
  const both = (words: string, metric: MetricName, scenario: string, variant: string): Part[] =>
    part(
      words,
      seenOf(results, metric, { scenario, target: stream, variant }),
      seenOf(results, metric, { scenario, target: events, variant }),
    );
  return [
    ...(resumed(results) ?? []),
    ...both("settings of HAProxy", "proxySettingsNeeded", "proxy", "haproxy"),
    ...both("settings of nginx", "proxySettingsNeeded", "proxy", "nginx"),
    ...both("HTTP around a message up", "upHttpBytes", "wire", "text, 40 B"),
    ...both("bytes for 64 KiB of binary", "downWireBytes", "wire", "binary, 65,536 B"),
  ];
}

const part = (words: string, ofStream: Seen | undefined, ofEvents: Seen | undefined): Part[] =>
  ofStream === undefined || ofEvents === undefined ? [] : [{ words, stream: ofStream, events: ofEvents }];

/** Lost by who was cut off, with no more than the protocol itself brings to say where it was: who does not say it has no use for a history. */
function resumed(results: Decidable): Part[] | undefined {
  const lost = (target: string): Seen | undefined => {
    const [brought, bare] = ["resumed", "bare"].map((variant) =>
      seenOf(results, "lostUpdates", { scenario: "resume", target, variant }),
    );
    return brought?.cell.parameters.settings.resumedBy === "position" ? brought : bare;
  };
  const found = part(
    "updates lost by a cut where the application keeps a history and builds no more",
    lost(stream),
    lost(events),
  );
  return found.length === 0 ? undefined : found;
}
